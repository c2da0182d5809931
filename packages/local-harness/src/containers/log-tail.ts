import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type { Docker } from "./docker.ts";

const LINES = 20;

/** The last lines that a container wrote, of both its outputs. */
export async function logTail({ engine }: Docker, id: string): Promise<string> {
  try {
    const options = { follow: false, stdout: true, stderr: true, tail: LINES } as const;
    const frames = new PassThrough();
    const plain = new PassThrough();
    engine.modem.demuxStream(frames, plain, plain);
    frames.on("end", () => plain.end());
    frames.end(await engine.getContainer(id).logs(options));
    return (await text(plain)).trim();
  } catch {
    return "";
  }
}
