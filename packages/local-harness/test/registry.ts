import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** How a registry gives out the one layer of its image. */
export interface Manner {
  /** Pieces, of 512 bytes each. */
  readonly pieces: number;
  /** Between two of them. */
  readonly pauseMs: number;
  /** Nothing comes after so many. */
  readonly stallAfter?: number;
}

export interface Registry extends AsyncDisposable {
  /** Whatever is asked for by this prefix is there. */
  readonly prefix: string;
}

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** A registry of images on loopback, which Docker takes without TLS: one image, by every name. */
export async function startRegistry(manner: Manner): Promise<Registry> {
  const layer = tarOf("filler", manner.pieces * 512 - 3 * 512);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: described("application/vnd.docker.container.image.v1+json", config),
      layers: [described("application/vnd.docker.image.rootfs.diff.tar", layer)],
    }),
  );
  const answer = async ({ url = "" }: IncomingMessage, response: ServerResponse) => {
    if (url.includes("/manifests/")) {
      response.setHeader("docker-content-digest", digestOf(manifest));
      return send(response, manifest, MANIFEST);
    }
    if (url.endsWith(digestOf(config))) return send(response, config, "application/octet-stream");
    if (!url.endsWith(digestOf(layer)))
      return send(response, Buffer.from("{}"), "application/json");
    response.writeHead(200, { "content-length": layer.byteLength });
    for (let piece = 0; piece < manner.pieces; piece++) {
      if (piece === manner.stallAfter) return;
      response.write(layer.subarray(piece * 512, (piece + 1) * 512));
      await delay(manner.pauseMs);
    }
    response.end();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    prefix: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function send(response: ServerResponse, body: Uint8Array, type: string): void {
  response.writeHead(200, { "content-type": type, "content-length": body.byteLength }).end(body);
}

const digestOf = (bytes: Uint8Array) =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const described = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
});

/** An archive of one file of so many bytes, a multiple of 512 (ustar). */
function tarOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\x000000000\x000000000\x00", 100);
  header.write(`${size.toString(8).padStart(11, "0")}\x00`, 124);
  header.write("00000000000\x00        0", 136);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\x00 `, 148);
  // Different every time: Docker knows a layer again that it has.
  const content = Buffer.alloc(size);
  content.write(crypto.randomUUID());
  return Buffer.concat([header, content, Buffer.alloc(1_024)]);
}
