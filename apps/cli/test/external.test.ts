import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Cloud, describeOnBackends } from "../../../test/backends/index.ts";
import { directoryOf } from "./inbox.ts";
import { newState, type TestState } from "./topline.ts";

/** Endpoints that are there already. Every backend can be such a one. */

interface Diagnosis {
  readonly name: string;
  readonly found: boolean;
  readonly is_required: boolean;
  readonly remedy: string | null;
}

const environment = ({ s3, dynamodb, region, credentials }: Cloud) => ({
  AWS_ENDPOINT_URL_S3: s3,
  AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  TOPLINE_BACKEND: "external",
});

const required = (diagnoses: readonly Diagnosis[]) =>
  Object.fromEntries(
    diagnoses.filter(({ name }) => / /.test(name)).map(({ name, found }) => [name, found]),
  );

const MISSING = {
  "bucket somebodys": false,
  "table p-GENRE_KPIS": false,
  "table p-TOP_SONGS": false,
  "table p-TOP_GENRES": false,
  "table p-PIPELINE_RUNS": false,
};

describeOnBackends("the external backend", (_row, cloud) => {
  test("changes nothing until it is told to, then does a whole run", async () => {
    await using state = await newState(environment(cloud()));
    const config = `export default { bucket: "somebodys", tablePrefix: "p-" };\n`;
    await writeFile(join(state.scratch, "topline.config.ts"), config);
    const before = await state.topline("doctor", "--json");
    expect(before.code).toBe(1);
    expect(required(before.json<Diagnosis[]>())).toEqual(MISSING);
    const drop = await directoryOf(state, DROP);
    const refused = await state.topline("run", "--data", drop);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("--create");

    const made = await state.topline("doctor", "--create", "--json");
    expect(made.code, made.stdout).toBe(0);
    const ran = await state.topline("run", "--data", drop, "--json");
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.json<{ status: string }>().status).toBe("succeeded");
    const rows = await state.topline("query", "genre-kpis", "--date", "2024-06-25", "--json");
    expect(rows.json()).toMatchObject([{ genre: "pop", listen_count: 1 }]);
  });
});

const DROP = {
  "users.csv": "user_id,user_name,user_age,user_country,created_at\nu1,,,,\n",
  "songs.csv": "track_id,artists,album_name,track_name,duration_ms,track_genre\nt1,,,,1000,pop\n",
  "streams/a.csv": "user_id,track_id,listen_time\nu1,t1,2024-06-25 10:00:00\n",
};

async function failing(state: TestState, ...args: readonly string[]) {
  const { code, stdout } = await state.topline(...args, "--json");
  return {
    code,
    ...(JSON.parse(stdout) as {
      error: { code: string; message: string; is_retryable: boolean };
    }),
  };
}

test("up and demo leave it alone", async () => {
  await using state = await newState({ ...NOWHERE, TOPLINE_BACKEND: "external" });
  for (const command of ["up", "demo"]) {
    const { code, error } = await failing(state, command);
    expect([command, code, error.code]).toEqual([command, 2, "USAGE"]);
  }
});

test("endpoints that do not answer, and words that name no backend, are told", async () => {
  await using state = await newState({ ...NOWHERE, TOPLINE_BACKEND: "external" });
  const { code, error } = await failing(state, "status");
  expect([code, error.code, error.is_retryable]).toEqual([1, "STORE_UNAVAILABLE", true]);
  expect(error.message).toMatch(/ECONNREFUSED.*doctor --backend external/s);

  await using other = await newState({ TOPLINE_BACKEND: "cloud" });
  const unknown = await failing(other, "status");
  expect([unknown.code, unknown.error.code]).toEqual([2, "USAGE"]);
  expect(unknown.error.message).toContain("embedded");
  const create = await failing(other, "doctor", "--backend", "embedded", "--create");
  expect([create.code, create.error.code]).toEqual([2, "USAGE"]);
});

/** A port that nothing listens on. */
const NOWHERE = {
  AWS_ENDPOINT_URL: "http://127.0.0.1:1",
  AWS_ACCESS_KEY_ID: "a",
  AWS_SECRET_ACCESS_KEY: "b",
};
