import * as fc from "fast-check";
import type { Dataset } from "../../packages/core/src/index.ts";

/**
 * What can happen to a deployment, small on purpose: few users, tracks and hours, so that listens repeat, catalogues
 * contradict each other and the same bytes come again.
 */

export interface DroppedFile {
  readonly dataset: Dataset;
  /** Below the inbox. */
  readonly name: string;
  readonly text: string;
}

/** Of the `call`-th external call of the process that does it. */
export interface Fault {
  readonly call: number;
  readonly kind: "crash before" | "crash after" | "fails" | "answer lost";
}

export type Operation =
  | { readonly kind: "retract"; readonly pick: number }
  | { readonly kind: "replay"; readonly pick: number | "all" }
  | { readonly kind: "rebuild" }
  | { readonly kind: "maintain"; readonly retentionDays: number }
  | { readonly kind: "erase"; readonly userId: string };

export type Action =
  | { readonly kind: "drop"; readonly file: DroppedFile }
  | {
      readonly kind: "run";
      readonly fault: Fault | undefined;
      /** Put by a producer once the run has frozen what it takes in. */
      readonly meanwhile: DroppedFile | undefined;
    }
  /** Together: two runs, or a run and an operation. */
  | { readonly kind: "together"; readonly operation: Operation | undefined }
  | { readonly kind: "operation"; readonly operation: Operation; readonly fault: Fault | undefined }
  /** Time passes, or is set back. */
  | { readonly kind: "clock"; readonly minutes: number }
  /** Runs until nothing is left to do: then everything must be as it should be. */
  | { readonly kind: "settle" };

const users = fc.constantFrom("u1", "u2", "u3");
const tracks = fc.constantFrom("t1", "t2", "t3", "t4");
const times = fc
  .tuple(
    fc.constantFrom("2024-06-24", "2024-06-25", "2024-06-26"),
    fc.constantFrom("00", "12", "23"),
  )
  .map(([date, hour]) => `${date} ${hour}:00:00`);

const listens = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(users, tracks, times).map((fields) => fields.join(",")) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("u1,t1,yesterday", "u1", ",t1,2024-06-25 12:00:00", '"'),
  },
);
const songs = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        tracks,
        fc.constantFrom("A", "B", ""),
        fc.constantFrom("1000", "2500"),
        fc.constantFrom("pop", "jazz", "a#1"),
      )
      .map(([track, artist, duration, genre]) => `${track},${artist},,Title,${duration},${genre}`),
  },
  { weight: 1, arbitrary: fc.constantFrom("t1,A,,,long,pop", "t9", '"') },
);
const people = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(users, fc.constantFrom("30", ""))
      .map(([id, age]) => `${id},Name,${age},NO,`),
  },
  { weight: 1, arbitrary: fc.constantFrom("u1,,old,,", "u1") },
);

const HEADERS: Readonly<Record<Dataset, string>> = {
  users: "user_id,user_name,user_age,user_country,created_at",
  songs: "track_id,artists,album_name,track_name,duration_ms,track_genre",
  streams: "user_id,track_id,listen_time",
};

const fileOf = (dataset: Dataset, name: fc.Arbitrary<string>, lines: fc.Arbitrary<string>) =>
  fc
    .tuple(
      name,
      fc.oneof(
        {
          weight: 12,
          arbitrary: fc
            .array(lines, { minLength: 1, maxLength: 8 })
            .map((all) => `${[HEADERS[dataset], ...all].join("\n")}\n`),
        },
        {
          weight: 1,
          arbitrary: fc.constantFrom("", "no,header\n", "\0\n", `${HEADERS[dataset]}\n`),
        },
      ),
    )
    .map(([file, text]): DroppedFile => ({ dataset, name: file, text }));

const files: fc.Arbitrary<DroppedFile> = fc.oneof(
  {
    weight: 4,
    arbitrary: fileOf(
      "streams",
      fc.constantFrom("streams/a.csv", "streams/b.csv", "streams/deep/a.csv", "streams.csv"),
      listens,
    ),
  },
  { weight: 2, arbitrary: fileOf("songs", fc.constant("songs.csv"), songs) },
  { weight: 1, arbitrary: fileOf("users", fc.constant("users.csv"), people) },
);

/** Beyond any process's last call there is none: then it meets no fault. */
const MOST_CALLS = 140;
const fault: fc.Arbitrary<Fault> = fc.record({
  call: fc.integer({ min: 1, max: MOST_CALLS }),
  kind: fc.constantFrom("crash before", "crash after", "fails", "answer lost"),
});
const sometimes = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant("retract" as const), pick: fc.nat({ max: 9 }) }),
  fc.record({
    kind: fc.constant("replay" as const),
    pick: fc.oneof(fc.nat({ max: 9 }), fc.constant("all" as const)),
  }),
  fc.record({ kind: fc.constant("rebuild" as const) }),
  fc.record({
    kind: fc.constant("maintain" as const),
    retentionDays: fc.constantFrom(0, 1, 7),
  }),
  fc.record({ kind: fc.constant("erase" as const), userId: users }),
);

/** Whose effect does not depend on what the other has done. */
const beside = operation.filter(({ kind }) => kind !== "erase");

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("drop" as const), file: files }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("run" as const),
      fault: sometimes(fault),
      meanwhile: sometimes(files),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("together" as const),
      operation: sometimes(beside),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("operation" as const),
      operation,
      fault: sometimes(fault),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("clock" as const),
      minutes: fc.constantFrom(-90, -1, 1, 90, 10_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
);

const drop = (file: DroppedFile): Action => ({ kind: "drop", file });

/** Most begin with a dataset of each kind; all end settled. */
export const histories: fc.Arbitrary<readonly Action[]> = fc
  .tuple(
    fc.oneof(
      {
        weight: 9,
        arbitrary: fc
          .tuple(
            fileOf("users", fc.constant("users.csv"), people),
            fileOf("songs", fc.constant("songs.csv"), songs),
            fileOf("streams", fc.constant("streams/a.csv"), listens),
          )
          .map((all): Action[] => all.map(drop)),
      },
      { weight: 1, arbitrary: fc.constant<Action[]>([]) },
    ),
    fc.array(action, { minLength: 1, maxLength: 14, size: "max" }),
  )
  .map(([first, then]): readonly Action[] => first.concat(then, { kind: "settle" }));
