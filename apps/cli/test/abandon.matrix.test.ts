import { expect, test } from "vitest";
import { describeOnBackends } from "../../../test/backends/index.ts";
import { emptyModel } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import { datesOf, dropsOf, expectedTables, type Files, sample, tablesOf } from "./inbox.ts";
import { newStateIn } from "./topline.ts";

interface Report {
  readonly run_id: string;
  readonly status: string;
  readonly sources: readonly { key: string; rejected: string | null; archived_to: string | null }[];
  readonly error: { code: string } | null;
}

const FILES: Files = Object.fromEntries(
  ["users.csv", "songs.csv", "streams/streams1.csv", "streams/streams2.csv"].map((name) => [
    name,
    sample(name),
  ]),
);

describeOnBackends("a run that is abandoned", (_row, cloud) => {
  test("leaves inbox, rejected/, ledger and the figures of the next run as they must be", async () => {
    await using state = await newStateIn(cloud());
    await using bucket = await openBucket(state);
    for (const [name, content] of Object.entries(FILES))
      await bucket.put(`raw-data/${name}`, content);
    const date = ["--date", "2024-06-27"];
    expect((await state.topline("step", "validate", "--run-id", "stuck", ...date)).code).toBe(0);
    const newer = sample("streams/streams3.csv");
    await bucket.put("raw-data/streams/streams2.csv", newer);

    const other = await state.topline("abandon", "other", "--json");
    expect([other.code, other.json()]).toMatchObject([1, { error: { code: "RUN_NOT_FOUND" } }]);
    expect(JSON.stringify(other.json())).toContain("The open run is stuck.");

    const { code, stdout, stderr } = await state.topline("abandon", "stuck");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Run stuck: abandoned/);
    expect(stdout).toMatch(/^raw-data\/songs\.csv +the inbox$/m);
    const moved = "rejected/2024-06-27/streams/streams2.csv";
    expect(stdout).toMatch(new RegExp(`^raw-data/streams/streams2\\.csv +${moved}$`, "m"));

    const again = await state.topline("abandon", "stuck", "--json");
    const report = again.json<Report>();
    expect(again.code).toBe(0);
    expect([report.status, report.error?.code]).toEqual(["failed", "ABANDONED"]);
    expect((await state.topline("runs", "stuck", "--json")).json()).toEqual(report);
    expect((await state.topline("status", "--json")).json()).toMatchObject({
      open_run: null,
      lease: null,
      runs: [{ run_id: "stuck", status: "failed" }],
    });
    const quarantined = await state.topline("quarantine", "--reason", "ABANDONED", "--json");
    expect(quarantined.json<unknown[]>()).toMatchObject([
      { kind: "file", key: "raw-data/streams/streams2.csv", moved_to: moved, run_id: "stuck" },
    ]);
    expect(await bucket.read(moved)).toBe(
      new TextDecoder().decode(FILES["streams/streams2.csv"] as Uint8Array),
    );
    const reused = await state.topline("run", "--run-id", "stuck", "--json");
    expect([reused.code, reused.json<Report>().error?.code]).toEqual([1, "RUN_NOT_OPEN"]);

    expect((await state.topline("run", "--run-id", "next")).code).toBe(0);
    const model = emptyModel();
    model.run({ intake: 1n, files: dropsOf({ ...FILES, "streams/streams2.csv": newer }) });
    expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
    expect(await bucket.keys("raw-data/")).toEqual([]);
    expect(await bucket.keys("runs/stuck/input/")).toEqual([]);

    const closed = await state.topline("abandon", "next");
    expect(closed.code).toBe(1);
    expect(closed.stderr).toMatch(/^RUN_NOT_OPEN {2}Run next ended as succeeded at /);
  });
});
