import { randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { S3Error, type S3ErrorCode } from "./errors.ts";
import { errorDocument } from "./xml.ts";

/** Who goes on sending after the refusal is read for this long, so that it reaches them. */
const LINGER_MS = 1_000;

/** Answers what Node's parser cannot read as HTTP, or has no event for, in S3's words, and ends the connection. */
export function refuseUnreadable(server: Server): void {
  const latest = new WeakMap<Duplex, Exchange>();
  for (const event of ["request", "checkContinue", "checkExpectation"] as const) {
    server.prependListener(event, (incoming: IncomingMessage, out: ServerResponse) => {
      latest.set(incoming.socket, { incoming, out });
    });
  }
  const refused = new WeakSet<Duplex>();
  const refuse = (socket: Duplex, code: S3ErrorCode) => {
    refused.add(socket);
    if (socket.writable) sendRefusal(socket, code);
  };
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // What comes after is no better, and is dropped.
    if (refused.has(socket)) return;
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    const { incoming, out } = latest.get(socket) ?? {};
    if (out === undefined || out.writableFinished) return refuse(socket, codeOf(error));
    // Those who ask for several things at once get their answers in order.
    if (incoming?.complete === true)
      return void out.on("finish", () => refuse(socket, codeOf(error)));
    return out.headersSent ? void socket.destroy() : refuse(socket, codeOf(error));
  });
  server.on("connect", (_incoming, socket) => refuse(socket, "MethodNotAllowed"));
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly out: ServerResponse;
}

/** Also of methods that HTTP does not know; those that it knows and S3 does not are not implemented. */
const codeOf = ({ code }: NodeJS.ErrnoException): S3ErrorCode =>
  code === "HPE_HEADER_OVERFLOW" ? "RequestHeaderSectionTooLarge" : "BadRequest";

function sendRefusal(socket: Duplex, code: S3ErrorCode): void {
  const { status, message } = new S3Error(code);
  const id = randomBytes(8).toString("hex").toUpperCase();
  const body = errorDocument({ Code: code, Message: message, RequestId: id, HostId: id });
  const head = [
    `HTTP/1.1 ${status} Refused`,
    `x-amz-request-id: ${id}`,
    "Server: topline-s3-emulator",
    "Content-Type: application/xml",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  const patience = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on("close", () => clearTimeout(patience)).on("error", () => {});
  socket.resume();
}
