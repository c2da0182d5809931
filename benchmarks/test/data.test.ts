import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { listeningData, songsFile, streamsFiles, usersFile } from "../src/data/generate.ts";
import { DEFAULT_SHAPE, type Shape } from "../src/data/shape.ts";
import { scratch } from "./scratch.ts";

const SMALL: Shape = { ...DEFAULT_SHAPE, listens: 30_000, users: 500, files: 3 };

async function contents(folder: string, shape: Shape): Promise<string[]> {
  return Promise.all(streamsFiles(folder, shape).map((file) => readFile(file, "utf8")));
}

const lines = (text: string) => text.trimEnd().split("\n");
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

test("the same shape gives the same bytes, another seed gives others", async () => {
  await using one = await scratch();
  await using another = await scratch();
  const first = await contents(await listeningData(SMALL, one.folder), SMALL);
  const again = await contents(await listeningData(SMALL, another.folder), SMALL);
  const other = { ...SMALL, seed: 2 };
  const others = await contents(await listeningData(other, one.folder), other);
  expect(again.map(hash)).toEqual(first.map(hash));
  expect(others.map(hash)).not.toEqual(first.map(hash));
});

test("listens are of the catalogue and of the users, on the dates asked for, a few of them twice", async () => {
  await using here = await scratch();
  const folder = await listeningData(SMALL, here.folder);
  const tracks = new Set(
    lines(await readFile(songsFile(folder), "utf8")).map((line) => line.split(",")[1]),
  );
  const users = new Set(
    lines(await readFile(usersFile(folder), "utf8")).map((line) => line.split(",")[0]),
  );
  expect(users.size).toBe(SMALL.users + 1);

  const files = await contents(folder, SMALL);
  const listens = files.flatMap((text) => lines(text).slice(1));
  expect(files.map((text) => lines(text)[0])).toEqual(
    files.map(() => "user_id,track_id,listen_time"),
  );
  expect(listens).toHaveLength(SMALL.listens);
  const cells = listens.map((line) => line.split(","));
  const strangers = cells.filter(
    ([user = "", track = ""]) => !users.has(user) || !tracks.has(track),
  );
  const dates = new Set(cells.map(([, , time = ""]) => time.slice(0, 10)));
  const oddTimes = cells.filter(([, , time = ""]) => !/^.{10} \d\d:\d\d:\d\d$/.test(time));
  expect(strangers).toEqual([]);
  expect(oddTimes).toEqual([]);
  expect([...dates].sort()).toEqual(["2024-06-25", "2024-06-26", "2024-06-27"]);
  const repeated = SMALL.listens - new Set(listens).size;
  expect(repeated).toBeGreaterThan(100);
  expect(repeated).toBeLessThan(200);
});

test("data that is there is not made again", async () => {
  await using here = await scratch();
  const folder = await listeningData(SMALL, here.folder);
  const [file = ""] = streamsFiles(folder, SMALL);
  const before = await stat(file);
  expect(await listeningData(SMALL, here.folder)).toBe(folder);
  expect(await stat(file)).toEqual(before);
});
