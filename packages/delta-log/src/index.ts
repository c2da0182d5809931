export type { CheckpointCodec } from "./checkpoint-codec.ts";
export { deltaZone, type DeltaZoneOptions } from "./zone.ts";
