import { expect, test } from "vitest";
import { readParameters } from "./parameters.ts";

test("what is the script's goes to it in order, Glue's own does not", () => {
  const { forScript, ...own } = readParameters({
    "--b": "1",
    "--job-language": "python",
    "--a": "two words",
    "--TempDir": "s3://bucket/tmp",
    "--empty": "",
  });
  expect(forScript).toEqual([
    "--b",
    "1",
    "--a",
    "two words",
    "--TempDir",
    "s3://bucket/tmp",
    "--empty",
    "",
  ]);
  expect(own).toEqual({ conf: [], pythonFiles: [], jars: [], files: [], script: undefined });
});

test("files are lists of s3:// names", () => {
  expect(
    readParameters({
      "--extra-py-files": "s3://b/a.py, s3://b/b.whl,",
      "--extra-jars": "s3://b/c.jar",
      "--extra-files": "",
      "--scriptLocation": "s3://b/other.py",
    }),
  ).toEqual({
    conf: [],
    pythonFiles: ["s3://b/a.py", "s3://b/b.whl"],
    jars: ["s3://b/c.jar"],
    files: [],
    script: "s3://b/other.py",
    forScript: [],
  });
});

test.each([
  ["spark.a=b", ["spark.a=b"]],
  ["spark.a=b --conf spark.c=d e --conf  spark.f=g", ["spark.a=b", "spark.c=d e", "spark.f=g"]],
  ["--conf spark.a=b", ["spark.a=b"]],
  ["spark.a=x--conf y", ["spark.a=x--conf y"]],
])("settings of Spark are told apart: %j", (value, conf) => {
  expect(readParameters({ "--conf": value }).conf).toEqual(conf);
});

test.each([
  [{ "--additional-python-modules": "pandas" }, "--extra-py-files"],
  [{ "--job-language": "scala" }, "must be python"],
])("what cannot be done is refused: %j", (given, what) => {
  expect(() => readParameters(given)).toThrow(what);
});
