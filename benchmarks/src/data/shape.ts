/** What listening data is made: the same shape gives the same bytes. */
export interface Shape {
  /** Lines of listens over all files, repeated ones included. */
  readonly listens: number;
  readonly users: number;
  readonly files: number;
  readonly dates: number;
  /** Of a thousand lines, those that repeat another. */
  readonly repeatsPerMille: number;
  readonly seed: number;
}

export const DEFAULT_SHAPE: Shape = {
  listens: 10_000_000,
  users: 250_000,
  files: 8,
  dates: 3,
  repeatsPerMille: 5,
  seed: 1,
};

/** A name for the shape, fit for a folder. */
export function shapeName({ listens, users, files, dates, repeatsPerMille, seed }: Shape): string {
  return `listens-${listens}-users-${users}-files-${files}-dates-${dates}-repeats-${repeatsPerMille}-seed-${seed}`;
}
