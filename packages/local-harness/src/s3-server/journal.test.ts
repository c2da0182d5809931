import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Journal } from "./journal.ts";
import type { Change } from "./records.ts";

const directory = mkdtempSync(join(tmpdir(), "topline-journal-"));
afterAll(() => rmSync(directory, { recursive: true }));

const drop = (bucket: string): Change => ({ op: "delete-bucket", bucket });

function replay(path: string): { changes: Change[]; journal: Journal } {
  const changes: Change[] = [];
  const journal = Journal.open(path, (change) => changes.push(change));
  return { changes, journal };
}

test("wherever the last write was cut off, exactly the changes before it are there, and later ones join them", () => {
  const whole = join(directory, "whole");
  const { journal } = replay(whole);
  journal.append(drop("first"));
  const before = statSync(whole).size;
  journal.append(drop("sécond 😀"));
  journal.close();
  const bytes = readFileSync(whole);

  const cut = join(directory, "cut");
  for (let length = before; length < bytes.byteLength; length++) {
    writeFileSync(cut, bytes.subarray(0, length));
    const torn = replay(cut);
    expect(torn.changes).toEqual([drop("first")]);
    torn.journal.append(drop("third"));
    torn.journal.close();
    const again = replay(cut);
    expect(again.changes).toEqual([drop("first"), drop("third")]);
    again.journal.close();
  }
});

test("a journal that was cut off in its very first line is an empty one", () => {
  const path = join(directory, "young");
  writeFileSync(path, '{"format":"topl');
  const { changes, journal } = replay(path);
  journal.append(drop("a"));
  journal.close();
  expect(changes).toEqual([]);
  const again = replay(path);
  expect(again.changes).toEqual([drop("a")]);
  again.journal.close();
});

test.each([
  ["another format", '{"format":"topline-s3","version":2}\n'],
  ["no journal at all", "hello\n"],
])("%s is refused by name", (_, content) => {
  const path = join(directory, "foreign");
  writeFileSync(path, content);
  expect(() => replay(path)).toThrowError(
    expect.objectContaining({ code: "STATE_CORRUPT", message: expect.stringContaining(path) }),
  );
});

test("a damaged line in the middle is refused, never skipped", () => {
  const path = join(directory, "damaged");
  const { journal } = replay(path);
  journal.close();
  appendFileSync(path, `{"op":"dele\n${JSON.stringify(drop("a"))}\n`);
  expect(() => replay(path)).toThrowError(expect.objectContaining({ code: "STATE_CORRUPT" }));
});

test("a journal full of what is over is rewritten, and goes on", () => {
  const path = join(directory, "long");
  const { journal } = replay(path);
  for (let i = 0; i < 12_000; i++) journal.append(drop("over"));
  const long = statSync(path).size;
  journal.compact(1, () => [drop("needed")]);
  expect(statSync(path).size).toBeLessThan(long / 1000);
  journal.append(drop("later"));
  journal.close();
  const again = replay(path);
  expect(again.changes).toEqual([drop("needed"), drop("later")]);
  again.journal.close();
});
