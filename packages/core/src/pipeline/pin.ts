import { DATASETS, type Dataset } from "../datasets.ts";
import type { Zone, ZoneSnapshot } from "../ports/zone.ts";

/** The zone at one moment: a snapshot of each table. */
export type Pin = Readonly<Record<Dataset, ZoneSnapshot>>;

export async function pinZone(zone: Zone): Promise<Pin> {
  const [songs, users, streams] = await Promise.all([
    zone.snapshot("songs"),
    zone.snapshot("users"),
    zone.snapshot("streams"),
  ]);
  return { songs, users, streams };
}

export const zoneVersions = async (zone: Zone) => versionsOf(await pinZone(zone));

export const versionsOf = (pin: Pin): Record<Dataset, number> => ({
  songs: pin.songs.version,
  users: pin.users.version,
  streams: pin.streams.version,
});

/** Of tables that do not exist. */
export const emptyVersions = (): Record<Dataset, number> =>
  Object.fromEntries(DATASETS.map((dataset) => [dataset, -1])) as Record<Dataset, number>;
