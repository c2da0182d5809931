import { expect, test } from "vitest";
import { GlueFault, scriptedGlue } from "../../test/scripted-glue.ts";
import { ensureGlueJob, glueJobExists } from "./job-definition.ts";
import { findJobRun } from "./job-runs.ts";

const JOB = {
  Name: "job",
  Role: "role",
  Command: { Name: "glueetl", ScriptLocation: "s3://bucket/script.py", PythonVersion: "3" },
  DefaultArguments: { "--bucket": "b" },
};

const NONE = new GlueFault("EntityNotFoundException");

test("a job that is not there is created", async () => {
  await using glue = await scriptedGlue(({ operation }) =>
    operation === "GetJob" ? NONE : { Name: "job" },
  );
  expect(await ensureGlueJob(glue.client, JOB)).toBe("created");
  expect(glue.inputs("CreateJob")).toEqual([JOB]);
});

test("a job that is as it is to be is left alone, whatever else Glue tells of it", async () => {
  await using glue = await scriptedGlue(() => ({ Job: { ...JOB, MaxRetries: 0, CreatedOn: 1 } }));
  expect(await ensureGlueJob(glue.client, JOB)).toBe("unchanged");
  expect(glue.operations()).toEqual(["GetJob"]);
});

test("a job that is otherwise is updated, also when it came between", async () => {
  const { Name, ...JobUpdate } = JOB;
  const other = { Job: { ...JOB, DefaultArguments: {} } };
  await using there = await scriptedGlue(({ operation }) => (operation === "GetJob" ? other : {}));
  expect(await ensureGlueJob(there.client, JOB)).toBe("updated");
  await using between = await scriptedGlue(({ operation }) => {
    if (operation === "GetJob") return NONE;
    return operation === "CreateJob" ? new GlueFault("AlreadyExistsException") : {};
  });
  expect(await ensureGlueJob(between.client, JOB)).toBe("updated");
  for (const glue of [there, between]) {
    expect(glue.inputs("UpdateJob")).toEqual([{ JobName: Name, JobUpdate }]);
  }
});

test("what Glue refuses is a fault that names the permissions", async () => {
  await using glue = await scriptedGlue(({ operation }) =>
    operation === "GetJob" ? NONE : new GlueFault("AccessDeniedException"),
  );
  await expect(ensureGlueJob(glue.client, JOB)).rejects.toMatchObject({
    code: "ENGINE_UNAVAILABLE",
    message: expect.stringContaining("glue:CreateJob and iam:PassRole") as string,
  });
});

test("whether a job is there is told; whether one could be seen at all is a fault", async () => {
  const answers = [{ Job: JOB }, NONE, new GlueFault("AccessDeniedException")];
  await using glue = await scriptedGlue((_asked, at) => answers[at] ?? NONE);
  expect(await glueJobExists(glue.client, "job")).toBe(true);
  expect(await glueJobExists(glue.client, "job")).toBe(false);
  await expect(glueJobExists(glue.client, "job")).rejects.toThrow("glue:GetJob");
});

test("the newest run with certain arguments is found", async () => {
  const run = (Id: string, id: string) => ({
    Id,
    JobRunState: "FAILED",
    Arguments: { "--run_id": id, "--x": "1" },
  });
  await using glue = await scriptedGlue(() => ({
    JobRuns: [run("jr_3", "b"), run("jr_2", "a"), run("jr_1", "a")],
  }));
  expect(await findJobRun(glue.client, "job", { "--run_id": "a" })).toEqual({
    id: "jr_2",
    state: "FAILED",
  });
  expect(await findJobRun(glue.client, "job", { "--run_id": "c" })).toBeUndefined();
});
