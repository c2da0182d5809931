import { ToplineError } from "@topline/core";
import { expect, test } from "vitest";
import { describeNeeding } from "../../../test/needs.ts";
import { type Docker, findDocker } from "../src/containers/docker.ts";
import { ensureImages } from "../src/containers/images.ts";
import { isStatus } from "../src/containers/removal.ts";
import { startRegistry } from "./registry.ts";

const never = new AbortController().signal;

async function isThere({ engine }: Docker, image: string): Promise<boolean> {
  try {
    await engine.getImage(image).inspect();
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

describeNeeding(["docker"], "an image that is not there", () => {
  test("is pulled, however slowly it comes, and its coming is told", async () => {
    await using registry = await startRegistry({ pieces: 60, pauseMs: 100 });
    const docker = await findDocker();
    const image = `${registry.prefix}/topline/slow:1`;
    const heard: string[] = [];
    const options = { signal: never, silenceMs: 3_000 };
    try {
      await ensureImages(docker, [image], { ...options, onProgress: (text) => heard.push(text) });
      expect(await isThere(docker, image)).toBe(true);
      expect(heard[0]).toBe(`Pulling ${image}`);
      expect(heard.length).toBeGreaterThan(3);
      expect(heard.at(-1)).toMatch(/: [01] of 1 layers, 0 MB \([0-9]+ s\)$/);

      heard.length = 0;
      await ensureImages(docker, [image], { ...options, onProgress: (text) => heard.push(text) });
      expect(heard).toEqual([]);
    } finally {
      await docker.engine.getImage(image).remove({ force: true });
    }
  });

  test("whose pull stalls is given up, and so are those beside it", async () => {
    await using stalling = await startRegistry({ pieces: 60, pauseMs: 10, stallAfter: 5 });
    // Docker tells of every hundredth part of a layer: of one this small, often.
    await using endless = await startRegistry({ pieces: 600, pauseMs: 100 });
    const docker = await findDocker();
    const images = [`${stalling.prefix}/topline/stalls:1`, `${endless.prefix}/topline/endless:1`];
    const options = { signal: never, silenceMs: 3_000, onProgress() {} };
    const fault: unknown = await ensureImages(docker, images, options).catch((error) => error);
    if (!ToplineError.is(fault, "HARNESS_UNAVAILABLE")) throw fault;
    expect(fault.message).toContain(`The image ${images[0]} is not on this machine`);
    expect(fault.message).toContain("nothing was heard of it for 3 s");
    for (const image of images) expect(await isThere(docker, image)).toBe(false);
  });

  test("is left alone once nobody waits for it any more", async () => {
    await using registry = await startRegistry({ pieces: 600, pauseMs: 100 });
    const docker = await findDocker();
    const end = new AbortController();
    const reason = new Error("Ctrl-C");
    const onProgress = (text: string) => {
      if (text.includes("layers")) end.abort(reason);
    };
    const image = `${registry.prefix}/topline/endless:1`;
    await expect(ensureImages(docker, [image], { signal: end.signal, onProgress })).rejects.toBe(
      reason,
    );
  });
});
