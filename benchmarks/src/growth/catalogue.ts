/**
 * The catalogue with another duration of one track, each round of another one.
 * @throws {Error} when the catalogue has no such track
 */
export function withOtherDuration(catalogue: string, round: number): string {
  const [header = "", ...lines] = catalogue.split(/\r?\n/);
  const names = header.split(",");
  const [track, duration] = ["track_id", "duration_ms"].map((name) => names.indexOf(name));
  // Quoted fields are cut elsewhere: such lines are passed over.
  const plain = lines.flatMap((line, place) => {
    const fields = line.split(",");
    return fields.length === names.length && !line.includes('"') ? [{ place, fields }] : [];
  });
  const chosen = plain[round];
  if (track === undefined || duration === undefined || chosen === undefined) {
    throw new Error(`The catalogue has no line to change in round ${round + 1}.`);
  }
  const id = chosen.fields[track];
  for (const { place, fields } of plain) {
    if (fields[track] !== id) continue;
    const longer = String(Number(fields[duration]) + 1);
    lines[place] = fields.with(duration, longer).join(",");
  }
  return [header, ...lines].join("\n");
}
