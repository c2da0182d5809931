import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { type FetchedObject, type GetOptions, ToplineError } from "@topline/core";
import type { Bucket } from "./bucket.ts";
import { attempt, faultOf, type S3Call, throwIfAborted } from "./faults.ts";
import { head } from "./head.ts";
import { decodeMetadata } from "./metadata.ts";
import { type Span, spans } from "./parts.ts";
import { bodyOf, takingBody } from "./retries.ts";

/** Bytes after which a reader is taken to want the rest: more than a file's head. */
const READ_AHEAD_AFTER = 128 * 1024;

/**
 * The first part comes with the first answer; the others are fetched ahead of the reader, `concurrency` parts
 * in memory at most, each under the first answer's ETag. A range that begins beyond the end is empty.
 */
export async function get(
  bucket: Bucket,
  key: string,
  { range, ifMatch, signal }: GetOptions,
): Promise<FetchedObject> {
  const first = range?.first ?? 0;
  const last = range?.last ?? Number.MAX_SAFE_INTEGER;
  const stop = new AbortController();
  const reader: Reader = {
    bucket,
    key,
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
  };
  const span = { first, last: Math.min(last, first + bucket.partSize - 1) };
  const call = callOf(reader);
  const answer = await firstAnswer(reader, span, ifMatch);
  if (answer === undefined) {
    const found = await head(bucket, key, { ifMatch, signal });
    if (found === undefined) throw faultOf({ $metadata: { httpStatusCode: 404 } }, call);
    if (found.size <= first) return { ...found, body: nothing() };
    // It was empty, and has been replaced since.
    return get(bucket, key, { range: { first, last }, ...definedOf(ifMatch, signal) });
  }

  const { ETag: etag = "", LastModified: lastModified = new Date(0), Metadata } = answer;
  const size = totalOf(answer, span, call);
  const held = { first: span.first, last: Math.min(span.last, size - 1) };
  const rest = spans(held.last + 1, Math.min(last, size - 1), bucket.partSize);
  return {
    key,
    size,
    etag,
    lastModified,
    metadata: decodeMetadata(Metadata),
    body: read({ ...reader, etag }, answer, held, rest, stop),
  };
}

interface Reader {
  readonly bucket: Bucket;
  readonly key: string;
  readonly signal: AbortSignal;
}

interface PinnedReader extends Reader {
  readonly etag: string;
}

async function* read(
  reader: PinnedReader,
  answer: GetObjectCommandOutput,
  held: Span,
  rest: Iterator<Span>,
  stop: AbortController,
): AsyncGenerator<Uint8Array> {
  const call = callOf(reader);
  const ahead: Promise<Uint8Array[]>[] = [];
  const fetchAhead = (parts: number) => {
    while (ahead.length < parts) {
      const span = rest.next();
      if (span.done === true) return;
      const part = fetchPart(reader, span.value);
      // It is awaited in its turn, or not at all once the reader has left.
      part.catch(() => {});
      ahead.push(part);
    }
  };
  try {
    let taken = 0;
    for await (const chunk of firstPart(reader, answer, held)) {
      throwIfAborted(call);
      taken += chunk.byteLength;
      yield chunk;
      if (taken > READ_AHEAD_AFTER) fetchAhead(reader.bucket.concurrency - 1);
    }
    for (;;) {
      fetchAhead(reader.bucket.concurrency);
      const part = ahead.shift();
      if (part === undefined) return;
      for (const chunk of await part) {
        throwIfAborted(call);
        yield chunk;
      }
    }
  } finally {
    stop.abort();
  }
}

/** Streams what the first answer brings; where the line breaks, the missing bytes are fetched like a part. */
async function* firstPart(
  reader: PinnedReader,
  answer: GetObjectCommandOutput,
  { first, last }: Span,
): AsyncGenerator<Uint8Array> {
  let at = first;
  const body = bodyOf(answer)[Symbol.asyncIterator]();
  try {
    for (let next = await chunkOf(body); next !== undefined; next = await chunkOf(body)) {
      at += next.byteLength;
      yield next;
    }
  } finally {
    await body.return?.();
  }
  if (at <= last) yield* await fetchPart(reader, { first: at, last });
}

/** `undefined` at the end, also at one that comes too early. */
async function chunkOf(body: AsyncIterator<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    const next = await body.next();
    return next.done === true ? undefined : next.value;
  } catch {
    return undefined;
  }
}

async function fetchPart(reader: PinnedReader, span: Span): Promise<Uint8Array[]> {
  const command = commandOf(reader, span, reader.etag);
  const taken = takingBody(command, span.last - span.first + 1);
  await attempt(callOf(reader), (options) => reader.bucket.client.send(command, options));
  return taken();
}

/** `undefined` where the object has no byte at the start of `span`. */
async function firstAnswer(reader: Reader, span: Span, ifMatch: string | undefined) {
  try {
    return await reader.bucket.client.send(commandOf(reader, span, ifMatch), {
      abortSignal: reader.signal,
    });
  } catch (error) {
    if ((error as Error).name === "InvalidRange") return undefined;
    throw faultOf(error, callOf(reader));
  }
}

const commandOf = ({ bucket, key }: Reader, { first, last }: Span, ifMatch: string | undefined) =>
  new GetObjectCommand({
    Bucket: bucket.name,
    Key: key,
    Range: `bytes=${first}-${last}`,
    IfMatch: ifMatch,
  });

const callOf = ({ bucket, key, signal }: Reader): S3Call => ({
  operation: "GetObject",
  bucket: bucket.name,
  key,
  signal,
});

/** Bytes of the whole object. An endpoint that knows no ranges will do while the object fits one. */
function totalOf(answer: GetObjectCommandOutput, { first, last }: Span, call: S3Call): number {
  const total = Number(answer.ContentRange?.split("/")[1] ?? Number.NaN);
  if (Number.isSafeInteger(total)) return total;
  const size = answer.ContentLength ?? 0;
  if (first === 0 && size <= last + 1) return size;
  throw new ToplineError(
    "STORE_REFUSED",
    `Expected bytes ${first} to ${last} of ${JSON.stringify(call.key)} in bucket ${call.bucket}, found all ${size}: this endpoint does not answer ranges. Use one that does.`,
  );
}

const definedOf = (ifMatch: string | undefined, signal: AbortSignal | undefined) => ({
  ...(ifMatch === undefined ? {} : { ifMatch }),
  ...(signal === undefined ? {} : { signal }),
});

async function* nothing(): AsyncGenerator<Uint8Array> {}
