import { describe, expect, test } from "vitest";
import { directoryOf } from "./inbox.ts";
import { newState } from "./topline.ts";

describe("wrong use exits with 2, says what was expected, and on stdout only as JSON", () => {
  test.each([
    [["frobnicate"], "unknown command"],
    [["run", "--frobnicate"], "unknown option"],
    [["run", "--run-id", "../x"], "RUN_ID_INVALID"],
    [["run", "--date", "2024-02-30"], "YYYY-MM-DD"],
    [["run", "--data", "no-such-directory"], "no-such-directory"],
    [["query", "genre-kpis"], "--date"],
    [["query", "genre-kpis", "--date", "yesterday"], "YYYY-MM-DD"],
    [["query", "genres", "--date", "2024-06-25"], "genre-kpis, top-songs, top-genres"],
    [["step", "transmogrify"], "transmogrify"],
    [["up", "--port", "0x50"], "port"],
    [["watch", "--interval", "0"], "interval"],
    [["abandon"], "run-id"],
    [["abandon", "../x"], "RUN_ID_INVALID"],
    [["rebuild"], "exactly one of"],
    [["rebuild", "--all", "--date", "2024-06-25"], "exactly one of"],
    [["rebuild", "--from", "2024-06-25"], "--to"],
    [["rebuild", "--from", "2024-06-25", "--to", "2024-06-24"], "not after"],
    [["rebuild", "--date", "2024-06-31"], "YYYY-MM-DD"],
    [["retract"], "--source"],
    [["replay"], "exactly one of"],
    [["erase"], "--user"],
    [["maintain", "--retention", "a week"], "--retention"],
    [["sql", "DELETE FROM TOP_GENRES"], "SELECT"],
    [["run", "--config", "no-such-config.ts"], "no-such-config.ts"],
  ])("topline %j", async (args, message) => {
    await using state = await newState();
    const [words, json] = await Promise.all([
      state.topline(...args),
      state.topline(...args, "--json"),
    ]);
    expect([words.code, words.stdout]).toEqual([2, ""]);
    expect(words.stderr).toContain(message);
    expect(json.code).toBe(2);
    const { error } = json.json<{
      error: { code: string; message: string; is_retryable: boolean };
    }>();
    expect(`${error.code} ${error.message}`).toContain(message);
    expect(error.is_retryable).toBe(false);
  });

  test("a configuration that is not valid names the field", async () => {
    await using state = await newState();
    const directory = await directoryOf(state, {
      "topline.config.ts": 'export default { tablePrefix: "a b" };\n',
    });
    const { code, stderr } = await state.topline(
      "status",
      "--config",
      `${directory}/topline.config.ts`,
    );
    expect(code).toBe(2);
    expect(stderr).toContain("tablePrefix");
  });
});

test("help shows the commands, and each command's help has examples", async () => {
  await using state = await newState();
  const help = await state.topline("--help");
  expect(help.code).toBe(0);
  const commands = [
    "demo",
    "run",
    "watch",
    "query",
    "sql",
    "plan",
    "status",
    "runs",
    "quarantine",
    "abandon",
    "rebuild",
    "retract",
    "replay",
    "erase",
    "maintain",
    "step",
    "up",
    "doctor",
  ];
  for (const command of commands) expect(help.stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
  for (const command of commands) {
    const { code, stdout } = await state.topline(command, "--help");
    expect([command, code]).toEqual([command, 0]);
    expect(stdout).toMatch(/Examples:\n {2}\$ topline /);
  }
});

test("an empty state: nothing to do, no rows, no runs, and JSON that says so", async () => {
  await using state = await newState();
  const run = await state.topline("run", "--json");
  expect([run.code, run.json()["status"]]).toEqual([0, "nothing-to-do"]);
  expect((await state.topline("runs", "--json")).json()).toEqual([]);
  expect((await state.topline("quarantine", "--json")).json()).toEqual([]);
  const query = await state.topline("query", "top-genres", "--date", "2024-06-25", "--json");
  expect([query.code, query.json()]).toEqual([0, []]);
  expect((await state.topline("status", "--json")).json()).toMatchObject({
    inbox: { status: "empty" },
    open_run: null,
    lease: null,
    published: null,
    runs: [],
  });
  const transform = await state.topline("step", "transform", "--json");
  expect([transform.code, transform.json()]).toMatchObject([
    1,
    { error: { code: "STEP_OUT_OF_ORDER" } },
  ]);
});

test("up prints endpoints that are usable, and ends on Ctrl-C", async () => {
  await using state = await newState();
  const up = state.start("up", "--json");
  await up.spoken;
  const status = await state.topline("status", "--json");
  expect(status.code).toBe(0);
  up.kill("SIGINT");
  const outcome = await up.finished;
  expect(outcome.code).toBe(0);
  const endpoints = outcome.json<{ s3: string; dynamodb: string; bucket: string }>();
  expect(endpoints.s3).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
  expect(endpoints.dynamodb).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+$/);
  expect(endpoints.bucket).toBe("topline");
});
