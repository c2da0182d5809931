import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import {
  DATASET_COLUMNS,
  type Dataset,
  DATASETS,
  type PlanLimits,
} from "../../../../packages/core/src/index.ts";
import { files } from "../../../../packages/kpi-engine/test/dialect/files.ts";
import { TORTURE_FILES } from "../../../../packages/kpi-engine/test/dialect/torture.ts";
import type { Drop } from "../../../../packages/kpi-engine/test/drop.ts";

/** Files that readers trip over, as they lie and as gzip; whole and damaged. */
export interface OddFile extends Drop {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the bytes are when gzip is undone. */
  readonly text?: Uint8Array;
}

/** Every file is told what it has, whatever that is; two are too large. */
export const LIMITS: PlanLimits = { maxSourceBytes: 6 * 1024 ** 2, maxQuarantineRatio: 1 };

const GENERATED = 24;

/** Others on another day, the same for whoever looks for what failed. */
const seed = Math.floor(Date.now() / 86_400_000);

export function oddFiles(): OddFile[] {
  const tortured = TORTURE_FILES.map(({ name, dataset, bytes }) => ({ name, dataset, bytes }));
  const generated = DATASETS.flatMap((dataset) =>
    fc
      .sample(files(dataset), { seed, numRuns: GENERATED })
      .map((bytes, i) => ({ name: `generated with seed ${seed}: ${i}`, dataset, bytes })),
  );
  const plain = [...tortured, ...generated];
  const compressed = plain
    .filter(({ dataset }, i) => dataset === "streams" && i % 3 === 0)
    .map((file) => gzipped(file));
  return [...plain, ...compressed, ...damaged(), ...large()];
}

const HEADER = "user_id,track_id,listen_time\n";
const LISTEN = "u,t,2024-06-25 17:43:13\n";

function gzipped({ name, dataset, bytes }: OddFile): OddFile {
  const half = Math.floor(bytes.length / 2);
  const members = [bytes.subarray(0, half), Buffer.alloc(0), bytes.subarray(half)];
  const parts = members.map((member) => gzipSync(member));
  const compressed = Buffer.concat(parts);
  return { name: `${name}, as gzip`, dataset, compression: "gzip", bytes: compressed, text: bytes };
}

function damaged(): OddFile[] {
  const text = Buffer.from(HEADER + LISTEN.repeat(1000));
  const whole = gzipSync(text);
  const wrong = Buffer.from(whole);
  wrong[whole.length - 8] = (wrong[whole.length - 8] ?? 0) ^ 1;
  const kinds: [string, readonly Uint8Array[]][] = [
    ["cut short", [whole.subarray(0, -9)]],
    ["with a wrong checksum", [wrong]],
    ["with zeros behind it", [whole, Buffer.alloc(512)]],
    ["with text behind it", [whole, Buffer.from("garbage")]],
  ];
  return kinds.map(([name, parts]) => ({
    name: `gzip ${name}`,
    dataset: "streams",
    compression: "gzip",
    bytes: Buffer.concat(parts),
    text,
    // The damage lies behind what validate reads.
    head: HEADER,
  }));
}

function large(): OddFile[] {
  const listens = Math.ceil(LIMITS.maxSourceBytes / LISTEN.length);
  const text = Buffer.from(HEADER + LISTEN.repeat(listens));
  const users = `${DATASET_COLUMNS.users.map(({ name }) => name).join()}\n${"u,,,,\n".repeat(listens * 4)}`;
  const kinds: [string, Dataset, Uint8Array, Drop["compression"]][] = [
    ["too large", "streams", text, "none"],
    ["too large, of users", "users", Buffer.from(users), "none"],
    ["too large when gzip is undone", "streams", gzipSync(text), "gzip"],
  ];
  return kinds.map(([name, dataset, bytes, compression = "none"]) => {
    return { name, dataset, bytes, compression };
  });
}
