/** What the server sends back. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document, or the bytes of an object, whose chunks may each use the memory of the one before. */
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** Called when the answer has been sent, or cannot be. */
  readonly release?: () => void;
}

export const xml = (body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  headers: { "Content-Type": "application/xml", ...headers },
  body,
});

export const quoted = (etag: string) => `"${etag}"`;

/** As S3 writes times in documents: whole seconds, with the milliseconds spelled out. */
export const isoTime = (time: number) => new Date(time).toISOString();
