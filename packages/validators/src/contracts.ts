import type { Dataset } from "@topline/core";
import { z } from "zod";
import { date, integer, text, timestamp } from "./columns.ts";
import { type Contract, defineContract } from "./contract.ts";

/** What good data is, column by column; the order decides which reason is named first. */

export const songsContract = z.object({
  track_id: text({ maxCodePoints: 255 }),
  artists: text({ maxCodePoints: 2_048, optional: true }),
  album_name: text({ maxCodePoints: 2_048, optional: true }),
  track_name: text({ maxCodePoints: 2_048, optional: true }),
  /** A day at most. */
  duration_ms: integer({ min: 0, max: 86_400_000 }),
  track_genre: text({ maxCodePoints: 255 }),
});

export const usersContract = z.object({
  user_id: text({ maxCodePoints: 255 }),
  user_name: text({ maxCodePoints: 2_048, optional: true }),
  user_age: integer({ min: 0, max: 150, optional: true }),
  user_country: text({ maxCodePoints: 2_048, optional: true }),
  created_at: date({ optional: true }),
});

export const streamsContract = z.object({
  user_id: text({ maxCodePoints: 255 }),
  track_id: text({ maxCodePoints: 255 }),
  listen_time: timestamp(),
});

export const CONTRACTS: Readonly<Record<Dataset, Contract>> = {
  songs: defineContract("songs", songsContract),
  users: defineContract("users", usersContract),
  streams: defineContract("streams", streamsContract),
};
