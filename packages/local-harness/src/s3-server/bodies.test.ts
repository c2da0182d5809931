import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { BUCKET, Fixture } from "../../test/s3-server-fixture.ts";

/** More than a connection holds; every four bytes tell their place, so that none passes for another. */
const BODY = Buffer.from(Uint32Array.from({ length: 3_000_000 }, (_, at) => at).buffer);
const path = `/${BUCKET}/k`;

function ask(s3: Fixture, count: number): Socket {
  const socket = connect(Number(new URL(s3.endpoint).port), "127.0.0.1");
  const request = (headers: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
  socket.write(request("").repeat(count - 1) + request("Connection: close\r\n"));
  return socket;
}

test("a body comes as it is to a reader who pauses, and to those who ask for it meanwhile", async () => {
  await using s3 = await Fixture.open();
  await s3.put("k", BODY);
  const slow = ask(s3, 1);
  await once(slow, "readable");
  const others = await Promise.all(Array.from({ length: 3 }, () => buffer(ask(s3, 1))));
  for (const whole of [...others, await buffer(slow)]) {
    expect(whole.subarray(-BODY.byteLength).equals(BODY)).toBe(true);
  }
});

test("bodies that are asked for at once on one connection come whole, one behind the other", async () => {
  await using s3 = await Fixture.open();
  await s3.put("k", BODY);
  const whole = await buffer(ask(s3, 12));
  let end = whole.byteLength;
  for (let answer = 0; answer < 12; answer++) {
    expect(whole.subarray(end - BODY.byteLength, end).equals(BODY)).toBe(true);
    end = whole.lastIndexOf("HTTP/1.1 200", end - BODY.byteLength);
  }
  expect(end).toBe(0);
});

test("a client that leaves before its answers holds up neither the server's end nor the bytes", async () => {
  await using s3 = await Fixture.open();
  await s3.put("k", BODY);
  const leaving = ask(s3, 12);
  await once(leaving, "readable");
  leaving.destroy();
  await s3.send({ method: "DELETE", path });
  await s3.close();
  expect(await s3.dataFiles()).toEqual([]);
});
