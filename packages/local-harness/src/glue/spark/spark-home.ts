import { dirname } from "node:path";
import process from "node:process";

/** Variables of others that would lead Spark, Python or the AWS SDKs elsewhere than a job is to go. */
const FOREIGN =
  /^(?:AWS_|SPARK_|PYSPARK_|PYTHON|HADOOP_|VIRTUAL_ENV$|JAVA_TOOL_OPTIONS$|JDK_JAVA_OPTIONS$)/;

/** The environment in which Spark's programs find the Java and the Python that were found for them. */
export function sparkHome(
  { python, spark }: { readonly python: string; readonly spark: string },
  java: string,
): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.test(entry[0]),
  );
  const env = Object.fromEntries(kept);
  const { JAVA_HOME: _, ...others } = env;
  return {
    ...others,
    // Spark takes `java` from PATH where there is no JAVA_HOME.
    PATH: `${dirname(python)}:${dirname(java)}:${env["PATH"] ?? ""}`,
    SPARK_HOME: spark,
    SPARK_LOCAL_IP: "127.0.0.1",
    PYSPARK_PYTHON: python,
    PYSPARK_DRIVER_PYTHON: python,
    PYTHONUNBUFFERED: "1",
    PYTHONUTF8: "1",
  };
}
