/**
 * AVIF's own orientation, the properties `irot` and `imir` of its primary picture. Chromium and Firefox always obey
 * them, WebKit never does: so they are taken out, and we turn.
 */

/** By quarter turns anticlockwise: EXIF's value without a mirror, with top and bottom exchanged, with left and right. */
const ORIENTATIONS = [
  [1, 4, 2],
  [8, 5, 7],
  [3, 2, 4],
  [6, 7, 5],
] as const;

/** A file that no engine turns, and how to turn it: 1..8 as in EXIF. Throws RangeError where the file ends early. */
export function withoutTurns(file: Bytes): { bytes: Bytes; orientation: number } {
  const meta = first(boxes(file), "meta")?.subarray(4); // after version and flags
  const parts = meta && [...boxes(meta)];
  const properties = parts && first(parts, "iprp");
  const [primary, inside] = [parts && first(parts, "pitm"), properties && [...boxes(properties)]];
  const shared = inside && first(inside, "ipco");
  const owners = inside && first(inside, "ipma");
  if (!primary || !shared || !owners) return { bytes: file, orientation: 1 };
  const item = viewOf(primary).getUint8(0) === 0 ? viewOf(primary).getUint16(4) : viewOf(primary).getUint32(4);
  const list = [...boxes(shared)];
  const bytes = file.slice();
  let [turns, mirror] = [0, 0];
  for (const { owner, index, at, size } of uses(owners)) {
    const property = list[index - 1]; // 0 means none
    if (property?.type !== "irot" && property?.type !== "imir") continue;
    if (owner === item && property.type === "irot") turns = property.body[0]! & 3;
    if (owner === item && property.type === "imir") mirror = 1 + (property.body[0]! & 1);
    bytes.fill(0, owners.byteOffset - file.byteOffset + at, owners.byteOffset - file.byteOffset + at + size);
  }
  return { bytes, orientation: ORIENTATIONS[turns]![mirror]! };
}

type Bytes = Uint8Array<ArrayBuffer>;

interface Box {
  readonly type: string;
  readonly body: Bytes;
}

function* boxes(data: Bytes): Generator<Box> {
  for (let at = 0; at + 8 <= data.length; ) {
    const length = viewOf(data).getUint32(at) || data.length - at; // 0: to the end
    if (length < 8) return; // 1: 64 bits, beyond our limit
    const type = String.fromCharCode(...data.subarray(at + 4, at + 8));
    yield { type, body: data.subarray(at + 8, at + length) };
    at += length;
  }
}

function first(list: Iterable<Box>, type: string): Bytes | undefined {
  for (const box of list) if (box.type === type) return box.body;
  return undefined;
}

/** Which picture has which property, counted from 1, and where in `owners` that is said. */
function* uses(owners: Bytes): Generator<{ owner: number; index: number; at: number; size: number }> {
  const view = viewOf(owners);
  const [hasLongIds, size] = [view.getUint8(0) > 0, 1 + (view.getUint8(3) & 1)];
  let at = 8;
  for (let entries = view.getUint32(4); entries > 0; entries--) {
    const owner = hasLongIds ? view.getUint32(at) : view.getUint16(at);
    at += hasLongIds ? 4 : 2;
    for (let left = view.getUint8(at++); left > 0; left--, at += size)
      yield { owner, index: size === 2 ? view.getUint16(at) & 0x7fff : view.getUint8(at) & 0x7f, at, size };
  }
}

function viewOf(data: Bytes): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
