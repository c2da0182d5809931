import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@topline/core";

export const systemClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {}),
};
