import { createReadStream } from "node:fs";
import { INBOX, type ObjectStore } from "@topline/core";
import { songsFile, streamsFiles, usersFile } from "./generate.ts";
import type { Shape } from "./shape.ts";

/** Paths of the files of listening data. */
export interface Drop {
  readonly users: string;
  readonly songs: string;
  readonly streams: readonly string[];
}

/** @param folder of `listeningData` */
export const dropOf = (folder: string, shape: Shape): Drop => ({
  users: usersFile(folder),
  songs: songsFile(folder),
  streams: streamsFiles(folder, shape),
});

/** Has all of it lie in the inbox. */
export async function putDrop(store: ObjectStore, { users, songs, streams }: Drop): Promise<void> {
  await store.put(`${INBOX}users.csv`, createReadStream(users));
  await store.put(`${INBOX}songs.csv`, createReadStream(songs));
  for (const [i, file] of streams.entries()) {
    await store.put(`${INBOX}streams/streams${i + 1}.csv`, createReadStream(file));
  }
}
