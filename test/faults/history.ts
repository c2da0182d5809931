import { text as textOf } from "node:stream/consumers";
import {
  erase,
  type ObjectStore,
  type OperationReport,
  type PipelineContext,
  replay,
  retract,
} from "../../packages/core/src/index.ts";
import { userRecords } from "../../packages/validators/src/index.ts";

/** What happens to a small deployment: deliveries, what producers do while a run is under way, and operations. */

export interface Episode {
  readonly name: string;
  readonly runDate: string;
  /** By their names below the inbox. */
  readonly files: Readonly<Record<string, string>>;
  /** Put by a producer once the run has frozen what it takes in. */
  readonly meanwhile?: Readonly<Record<string, string>>;
  /** Beforehand, by nobody's process. */
  readonly prepare?: (store: ObjectStore) => Promise<void>;
  /** In place of runs. */
  readonly operation?: Perform;
  /** What must be the same after it, beside what the promise is about. */
  readonly more?: (outside: Pick<PipelineContext, "store">) => Promise<unknown>;
}

export type Perform = (context: PipelineContext, operationId: string) => Promise<OperationReport>;

const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const USERS = "user_id,user_name,user_age,user_country,created_at";
const SONGS = "track_id,artists,album_name,track_name,duration_ms,track_genre";
const STREAMS = "user_id,track_id,listen_time";

const FIRST = lines(
  STREAMS,
  "u1,t1,2024-06-25 10:00:00",
  "u2,t1,2024-06-25 11:00:00",
  "u1,t2,2024-06-26 09:00:00",
);

export const HISTORY: readonly Episode[] = [
  {
    name: "first files",
    runDate: "2024-06-27",
    files: {
      "users.csv": lines(USERS, "u1,Ann,30,NO,2020-01-01", "u2,,,,"),
      "songs.csv": lines(SONGS, "t1,A,,One,1000,pop", "t2,B,,Two,2000,rock"),
      "streams/a.csv": FIRST,
    },
  },
  {
    name: "late listens, duplicates, bad rows, refused files",
    runDate: "2024-06-28",
    files: {
      // The same name again, with a listen that is known, one that is late, and two bad rows.
      "streams/a.csv": lines(
        STREAMS,
        "u1,t1,2024-06-25 10:00:00",
        "u2,t2,2024-06-25 23:00:00",
        "u2,t1,yesterday",
        "u2",
      ),
      "streams/bad.csv": lines(STREAMS, "x", "y", "u1,t1,2024-06-25 12:00:00"),
      "streams/picture.csv": "\u0089PNG\u0000\u0001\n",
      "notes.txt": "ignored",
    },
  },
  {
    name: "another catalogue, and a file that is replaced while the run goes on",
    runDate: "2024-06-29",
    files: {
      "songs.csv": lines(SONGS, "t2,B,,Two,2000,blues", "t3,C,,Three,3000,jazz", "t4,D"),
      "streams/c.csv": lines(STREAMS, "u1,t3,2024-06-27 08:00:00"),
    },
    meanwhile: { "streams/c.csv": lines(STREAMS, "u2,t3,2024-06-27 09:00:00") },
  },
  {
    name: "a file again, and nothing new",
    runDate: "2024-06-30",
    files: { "streams/a.csv": FIRST },
  },
];

/** What may follow upon that history. */
export const OPERATIONS: readonly Episode[] = [
  {
    name: "a file of bad rows and duplicates is retracted",
    runDate: "2024-07-01",
    files: {},
    operation: async (context, operationId) => {
      const sources = await Array.fromAsync(context.ledger.sources());
      const late = sources.find(({ archivedTo }) => archivedTo.includes("/2024-06-28/"));
      return retract(context, { operationId, source: late?.sourceId ?? "" });
    },
  },
  {
    name: "every file is replayed, of which two read otherwise now",
    runDate: "2024-07-02",
    files: {},
    // Other bytes are to the same contract what the same bytes are to another.
    async prepare(store) {
      const folder = "archive/raw-data/2024-06-27/";
      await rewrite(store, `${folder}streams/a.csv`, (text) =>
        text.replace("u1,t2,2024-06-26 09:00:00", "u1,t2,2024-06-31 09:00:00"),
      );
      await rewrite(store, `${folder}songs.csv`, (text) => text.replace("2000", "2500"));
    },
    operation: (context, operationId) => replay(context, { operationId, sources: "all" }),
  },
  {
    name: "a user is erased",
    runDate: "2024-07-03",
    files: {},
    operation: (context, operationId) =>
      erase(context, { operationId, userId: "u2", records: userRecords }),
    // Not even who was never committed, or is in a past version of the zone.
    async more({ store }) {
      const mentions: string[] = [];
      for await (const { key } of store.list("")) {
        if ((await textOf((await store.get(key)).body)).includes("u2")) mentions.push(key);
      }
      return mentions;
    },
  },
];

export async function deliver(
  store: ObjectStore,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await store.put(`raw-data/${name}`, new TextEncoder().encode(text));
  }
}

async function rewrite(
  store: ObjectStore,
  key: string,
  change: (text: string) => string,
): Promise<void> {
  const { body, metadata } = await store.get(key);
  const before = await textOf(body);
  await store.put(key, new TextEncoder().encode(change(before)), { metadata });
}
