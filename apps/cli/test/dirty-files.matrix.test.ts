import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { describeOnBackends } from "../../../test/backends/index.ts";
import { emptyModel, type FileVerdict } from "../../../test/model/model.ts";
import { openBucket } from "./bucket.ts";
import {
  datesOf,
  directoryOf,
  dropsOf,
  expectedTables,
  type Files,
  publishedDates,
  tablesOf,
} from "./inbox.ts";
import { newStateIn, type Outcome, type TestState } from "./topline.ts";

/** What producers really send. Each file ends as the semantics say, with a message, and nothing of it is lost. */

const USERS =
  "user_id,user_name,user_age,user_country,created_at\nu1,Una,30,France,2024-01-01\nu2,,,,\n";
const SONGS = `track_id,artists,album_name,track_name,duration_ms,track_genre
t1,Ann,First,One,1000,pop
t2,"Bob, Jr.","A ""quoted"" album","Two
lines",250,rock#2
t3,Cid,,Three,500,pop
`;
const HEADER = "user_id,track_id,listen_time\n";
const STREAMS = `${HEADER}u1,t1,2024-06-25 10:00:00\nu2,t2,2024-06-25 11:00:00\n`;
const BASE: Files = { "users.csv": USERS, "songs.csv": SONGS, "streams/base.csv": STREAMS };

interface SourceReport {
  readonly key: string;
  readonly rows: number;
  readonly accepted: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly rejected: string | null;
  readonly extra_columns: readonly string[];
  readonly archived_to: string | null;
}
interface Report {
  readonly run_id: string;
  readonly status: string;
  readonly waiting_for: readonly string[];
  readonly sources: readonly SourceReport[];
  readonly warnings: readonly string[];
}

async function run(state: TestState, files: Files): Promise<Outcome> {
  const data = await directoryOf(state, files);
  return state.topline("run", "--data", data, "--date", "2024-06-27", "--json");
}

const counts = (quarantined: Readonly<Record<string, bigint>>) =>
  Object.fromEntries(Object.entries(quarantined).map(([reason, n]) => [reason, Number(n)]));

const total = (counted: Readonly<Record<string, number>>) =>
  Object.values(counted).reduce((sum, n) => sum + n, 0);

const takenIn = ({ sources }: Report) => sources.filter((source) => source.rejected === null);

/** What a report has to say of a file, by the model's verdict. */
function expectedReport(verdict: FileVerdict): Partial<SourceReport> | undefined {
  if (verdict.outcome === "refused") return { rejected: verdict.code };
  if (verdict.outcome !== "taken") return undefined;
  return {
    rejected: null,
    rows: Number(verdict.rows),
    accepted: Number(verdict.accepted),
    quarantined: counts(verdict.quarantined),
    extra_columns: verdict.extraColumns,
  };
}

/** The report's word on each file is the model's, and no record is missing in it. */
function expectVerdicts(report: Report, verdicts: readonly FileVerdict[]): void {
  const said = Object.fromEntries(report.sources.map((source) => [source.key, source]));
  const expected = verdicts.map((verdict) => [verdict.key, expectedReport(verdict)] as const);
  expect(said).toMatchObject(Object.fromEntries(expected.filter(([, word]) => word !== undefined)));
  expect(Object.keys(said).sort()).toEqual(
    expected.flatMap(([key, word]) => (word === undefined ? [] : [key])).sort(),
  );
  for (const { rows, accepted, quarantined } of takenIn(report)) {
    expect(accepted + total(quarantined)).toBe(rows);
  }
}

/** A line for every reason that a row of streams can be rejected for. */
const BAD_STREAM_LINES = [
  "u1,t1",
  "\ufeffu1,t1",
  'u1,"t1,2024-06-25 10:00:00',
  ",t1,2024-06-25 10:00:00",
  `${"u".repeat(256)},t1,2024-06-25 10:00:00`,
  "u1,,2024-06-25 10:00:00",
  `u1,${"t".repeat(256)},2024-06-25 10:00:00`,
  "u1,t1,",
  "u1,t1,2024-02-30 10:00:00",
];

const good = (n: number) =>
  Array.from(
    { length: n },
    (_, i) => `v${i},t3,2024-06-26 00:00:${String(i % 60).padStart(2, "0")}`,
  );
const lines = (...all: readonly string[]) => `${HEADER}${all.join("\n")}\n`;

const PNG = Uint8Array.of(
  0x89,
  0x50,
  0x4e,
  0x47,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
  0,
  0,
  0,
  13,
  73,
  72,
  68,
  82,
);

const STREAM_FILES: Files = {
  "streams/empty.csv": "",
  "streams/only-line-ends.csv": "\n\r\n\r",
  "streams/only-header.csv": HEADER,
  "streams/streams9.csv": PNG,
  "streams/utf16.csv": new Uint8Array(Buffer.from(`\ufeff${STREAMS}`, "utf16le")),
  "streams/truncated.csv.gz": gzipSync(lines(...good(500))).subarray(0, -100),
  "streams/padded.csv.gz": Buffer.concat([gzipSync(STREAMS), Buffer.alloc(8)]),
  "streams/two-members.csv.gz": Buffer.concat([
    gzipSync(lines("m1,t1,2024-06-25 12:00:00")),
    gzipSync("m2,t1,2024-06-25 12:00:00\n"),
  ]),
  "streams/no-gzip.csv.gz": STREAMS,
  "streams/one-percent-bad.csv": lines(...good(792), ...BAD_STREAM_LINES),
  "streams/sixty-percent-bad.csv": lines(
    ...good(16),
    ...BAD_STREAM_LINES,
    ...BAD_STREAM_LINES,
    ...BAD_STREAM_LINES,
  ),
  "streams/crlf.csv": STREAMS.replaceAll("\n", "\r\n").replaceAll("u1", "crlf"),
  "streams/cr.csv": STREAMS.replaceAll("\n", "\r").replaceAll("u1", "cr"),
  "streams/bom.csv": `\ufeff${STREAMS.replaceAll("u1", "bom")}`,
  "streams/reordered.csv": "listen_time,user_id,track_id\n2024-06-25 13:00:00,r1,t1\n",
  "streams/extra.csv": "user_id,device,track_id,listen_time,\ne1,phone,t1,2024-06-25 14:00:00,\n",
  "streams/twice.csv": "user_id,track_id,listen_time,user_id\nd1,t1,2024-06-25 15:00:00,d2\n",
  "streams/missing.csv": "user,track_id,listen_time\nx1,t1,2024-06-25 15:00:00\n",
  "streams/quoted.csv": `"user_id","track_id" ,listen_time\n"q1","t1","2024-06-25 16:00:00"\n`,
  "streams/quoted-header.csv": `"user_id","track_id",listen_time\n"q""2","t1", 2024-06-25 16:00:00 \n`,
  "streams/unterminated.csv": lines(
    'u1,"t1,2024-06-25 10:00:00',
    "z1,t1,2024-06-25 17:00:00",
    "z2,t2,2024-06-25 17:00:00",
  ),
  "streams/late header.csv": `${STREAMS}${STREAMS.replaceAll("u1", "late")}`,
  "streams/a b+c%20d&e:f=é😀'(1).csv": lines("k1,t1,2024-06-25 18:00:00"),
  "streams/deep/er/x.csv": lines("k2,t1,2024-06-25T18:00:00.123456Z"),
  "streams/.csv": lines("k3,t1,2024-06-25 18:00:00"),
};

describeOnBackends("dirty files", (_row, cloud) => {
  describe("streams of every kind in one drop", () => {
    test("end as the semantics say, and the run succeeds with a warning for each refused one", async () => {
      await using state = await newStateIn(cloud());
      const files = { ...BASE, ...STREAM_FILES };
      const outcome = await run(state, files);
      expect(outcome.code, outcome.stderr).toBe(0);
      const report = outcome.json<Report>();

      const model = emptyModel();
      const verdict = model.run({ intake: 1n, files: dropsOf(files) });
      expectVerdicts(report, verdict.files);
      expect(
        Object.fromEntries(report.sources.map(({ key, rejected }) => [key.slice(17), rejected])),
      ).toMatchObject({
        "empty.csv": "EMPTY_FILE",
        "only-line-ends.csv": "EMPTY_FILE",
        "only-header.csv": null,
        "streams9.csv": "NOT_TEXT",
        "utf16.csv": "NOT_TEXT",
        "truncated.csv.gz": "DAMAGED_GZIP",
        "padded.csv.gz": "DAMAGED_GZIP",
        "no-gzip.csv.gz": "DAMAGED_GZIP",
        "sixty-percent-bad.csv": "TOO_MANY_BAD_ROWS",
        "twice.csv": "DUPLICATE_COLUMN",
        "missing.csv": "MISSING_COLUMN",
      });
      expect(await publishedDates(state)).toEqual(datesOf(model));
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));

      const refused = report.sources.filter((source) => source.rejected !== null);
      expect(report.warnings).toHaveLength(refused.length);
      for (const { key } of refused) expect(report.warnings.join("\n")).toContain(key);

      await using bucket = await openBucket(state);
      expect(await bucket.keys("raw-data/")).toEqual([]);
      const kept = [...(await bucket.keys("archive/")), ...(await bucket.keys("rejected/"))];
      for (const { archived_to } of report.sources) expect(kept).toContain(archived_to);
      for (const { archived_to } of refused) expect(kept).toContain(`${archived_to}.reason.json`);
    });

    test("tell every rejected row, as it was read, with its reason", async () => {
      await using state = await newStateIn(cloud());
      const key = "raw-data/streams/bad.csv";
      const outcome = await run(state, {
        ...BASE,
        "streams/bad.csv": lines(...good(20), ...BAD_STREAM_LINES),
      });
      expect(outcome.code, outcome.stderr).toBe(0);
      const { run_id } = outcome.json<Report>();
      const told = await state.topline("quarantine", "--run", run_id, "--source", key, "--json");
      const rows = told.json<{ reason: string; text: string; record: number; key: string }[]>();
      expect(rows.map(({ reason, text, record }) => `${record} ${reason} ${text}`).sort()).toEqual(
        [
          "malformed",
          "malformed",
          "malformed",
          "missing:user_id",
          "invalid:user_id",
          "missing:track_id",
          "invalid:track_id",
          "missing:listen_time",
          "invalid:listen_time",
        ]
          .map((reason, i) => `${21 + i} ${reason} ${BAD_STREAM_LINES[i]}`)
          .sort(),
      );
      const only = await state.topline("quarantine", "--reason", "missing:user_id", "--json");
      expect(only.json<unknown[]>()).toHaveLength(1);
    });
  });

  test("songs and users with every kind of bad row, quoted line ends, and a quote that nothing closes", async () => {
    await using state = await newStateIn(cloud());
    const songs = `track_id,artists,album_name,track_name,duration_ms,track_genre
t0,"never closed,First,One,1000,pop
t1,Ann,First,One,1000,pop
t2,"Bob, Jr.","A ""quoted"" album","Two
lines",250,rock#2
t3,Cid,,Three,00500,pop
t3,Cid,,Three,+500,pop
t3,,,,86400001,pop
t4,,,,,pop
t5,,,,1,
,,,,1,pop
t6,${"a".repeat(2049)},,,1,pop
t6,,,,0,${"😀".repeat(255)}
t7,,,,0,${"😀".repeat(256)}
t8,Ann,First,Eight,1000,pop
t9,Ann,First,Nine,1000,jazz
t10,\ufeffAnn,,,1,\ufeffpop
${Array.from({ length: 12 }, (_, n) => `f${n},"A, B",,"Track ""${n}""",${n},"folk, pop"`).join("\n")}
`;
    const users = `${USERS}u3,x,151,,\nu4,,,,2023-02-29\nu5,,0150,,0001-01-01\n,,,,\nu6,y,,,\nu7,y,,,\n"u8","line\nbreak",,,\n`;
    const streams = lines(
      ...["t0", "t1", "t2", "t3", "t6", "t8", "t9", "t10", "f1", "f2"].map(
        (track) => `u1,${track},2024-06-25 10:00:00`,
      ),
    );
    const files = { "users.csv": users, "songs.csv": songs, "streams.csv": streams };
    const outcome = await run(state, files);
    expect(outcome.code, outcome.stderr).toBe(0);
    const model = emptyModel();
    const verdict = model.run({ intake: 1n, files: dropsOf(files) });
    const report = outcome.json<Report>();
    expect(takenIn(report)).toHaveLength(3);
    expectVerdicts(report, verdict.files);
    expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
  });

  describe("a dataset that is missing", () => {
    test.each([
      ["users.csv", { "songs.csv": SONGS, "streams/base.csv": STREAMS }, ["users"], []],
      [
        "songs.csv, refused for its header",
        {
          "users.csv": USERS,
          "songs.csv": "track_id,artists\nt1,Ann\n",
          "streams/base.csv": STREAMS,
        },
        ["songs"],
        ["rejected/2024-06-27/songs.csv", "rejected/2024-06-27/songs.csv.reason.json"],
      ],
    ])(
      "(%s) makes the run wait, and nothing leaves the inbox but what is refused",
      async (_, files, waitingFor, rejected) => {
        await using state = await newStateIn(cloud());
        const outcome = await run(state, files);
        expect(outcome.code).toBe(1);
        const report = outcome.json<Report>();
        expect([report.status, report.waiting_for]).toEqual(["waiting", waitingFor]);

        await using bucket = await openBucket(state);
        const accepted = Object.keys(files).filter(
          (name) => !rejected.some((key) => key.endsWith(name)),
        );
        expect(await bucket.keys("raw-data/")).toEqual(
          accepted.map((name) => `raw-data/${name}`).sort(),
        );
        expect(await bucket.keys("rejected/")).toEqual(rejected);

        const words = await state.topline("run");
        expect(words.code).toBe(1);
        expect(words.stdout).toContain(`waiting for ${waitingFor.join(", ")}`);

        const complete = await run(state, BASE);
        expect(complete.code, complete.stderr).toBe(0);
        const model = emptyModel();
        model.run({ intake: 1n, files: dropsOf(BASE) });
        expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
      },
    );

    test("later does not stop a run: it goes on with the catalogue that the zone has", async () => {
      await using state = await newStateIn(cloud());
      await run(state, BASE);
      const files = {
        "songs.csv": "track_id,artists\nt1,Ann\n",
        "streams/more.csv": lines("u2,t1,2024-06-26 01:00:00"),
      };
      const outcome = await run(state, files);
      expect(outcome.code, outcome.stderr).toBe(0);
      const report = outcome.json<Report>();
      expect(report.status).toBe("succeeded");
      expect(report.warnings.join()).toMatch(/MISSING_COLUMN.*raw-data\/songs\.csv.*track_genre/s);
      const model = emptyModel();
      model.run({ intake: 1n, files: dropsOf(BASE) });
      model.run({ intake: 2n, files: dropsOf(files) });
      expect(await tablesOf(state, datesOf(model))).toEqual(expectedTables(model));
    });
  });
});
