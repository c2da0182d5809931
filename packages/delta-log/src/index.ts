export type { CheckpointCodec, CheckpointRow } from "./checkpoint-codec.ts";
export { deltaZone, type DeltaZoneOptions } from "./zone.ts";
