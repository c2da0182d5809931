import { expect, test } from "vitest";
import { directoryOf } from "./inbox.ts";
import { newState } from "./topline.ts";

/** The first thing that a newcomer types. */

test("shows the real day's figures, and the answer to the brief's query", async () => {
  await using state = await newState();
  const { code, stdout, stderr } = await state.topline("demo");
  expect(code, stderr).toBe(0);
  for (const [genre, count] of [
    ["children", 418],
    ["anime", 415],
    ["disney", 413],
    ["cantopop", 407],
    ["happy", 395],
  ]) {
    expect(stdout).toMatch(new RegExp(`^2024-06-25 +${genre} +${count} `, "m"));
  }
  expect(stdout).toContain(
    `SELECT * FROM "TOP_GENRES" WHERE "date" = '2024-06-25' ORDER BY "listen_count" DESC LIMIT 5;`,
  );

  // Over all genres: how many there are, listeners counted once a genre, time in milliseconds.
  expect(stdout).toMatch(/^ +113 +33809 +7797300995$/m);
});

test("leaves a state with runs of its owner's alone", async () => {
  await using state = await newState();
  const data = await directoryOf(state, { "users.csv": "user_id\n" });
  await state.topline("run", "--data", data, "--run-id", "mine");
  const { code, stderr } = await state.topline("demo");
  expect(code).toBe(2);
  expect(stderr).toContain("mine");
});
