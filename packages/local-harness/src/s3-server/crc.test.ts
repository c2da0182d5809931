import { expect, test } from "vitest";
import * as fc from "fast-check";
import { base64, checksum } from "./checksums.ts";
import { crc32c, crc64nvme } from "./crc.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = ({ high, low }: { high: number; low: number }) =>
  ((BigInt(high) << 32n) | BigInt(low)).toString(16).padStart(16, "0");

test("CRC-32C and CRC-64/NVME yield their published check values", () => {
  expect(crc32c(bytes("123456789")).toString(16)).toBe("e3069283");
  expect(hex(crc64nvme(bytes("123456789")))).toBe("ae8b14860a799888");
  // RFC 3720, B.4: 32 bytes of zeroes.
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe("8a9136aa");
  // NVM Express: 4 KiB of zeroes.
  expect(hex(crc64nvme(new Uint8Array(4096)))).toBe("6482d367eb22b64e");
});

test("a checksum does not depend on how its bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.constantFrom("crc32", "crc32c", "crc64nvme", "sha256" as const),
      (parts, algorithm) => {
        const cut = checksum(algorithm);
        for (const part of parts) cut.update(part);
        const whole = checksum(algorithm);
        whole.update(Uint8Array.from(parts.flatMap((part) => [...part])));
        expect(base64(cut.digest())).toBe(base64(whole.digest()));
      },
    ),
  );
});

test("checksums are written as S3 does: big-endian, in base64", () => {
  const crc = checksum("crc32");
  crc.update(bytes("123456789"));
  // CRC-32 of the check string is cbf43926.
  expect(base64(crc.digest())).toBe("y/Q5Jg==");
});
