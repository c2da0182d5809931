import type { UserRecords } from "@topline/core";

/** Users' records in the files of the small engine: lines, of which the first field is the user. */
export const smallRecords: UserRecords = {
  async find(_file, userId, body) {
    const lines: number[] = [];
    for (const [i, line] of (await linesOf(body)).entries()) {
      if (i > 0 && smallRecords.isOf(userId, line, undefined)) lines.push(i);
    }
    return { records: BigInt(lines.length), lines, isBlanked: false };
  },

  async *without(_file, { lines }, body) {
    const kept = (await linesOf(body)).filter((_, i) => !lines.includes(i));
    yield new TextEncoder().encode(kept.join("\n"));
  },

  isOf: (userId, record) => record.split(",")[0] === userId,
};

async function linesOf(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) text += decoder.decode(chunk, { stream: true });
  return text.split("\n");
}
