import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { sha256 } from "../src/contract/sha256.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Bytes that don't repeat within a block. */
function noise(length: number): Uint8Array {
  let state = 7 + length;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

test("the standard's examples", () => {
  const text = (value: string) => hex(sha256(new TextEncoder().encode(value)));
  expect(text("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(text("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

test("every length up to four blocks, and a megabyte from the middle of a buffer, give Node's digest", () => {
  for (const data of [...Array.from({ length: 257 }, (_, length) => noise(length)), noise(2 ** 20 + 13).subarray(5)])
    expect(hex(sha256(data)), `${data.length} bytes`).toBe(createHash("sha256").update(data).digest("hex"));
});
