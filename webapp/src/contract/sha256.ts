/**
 * SHA-256 (FIPS 180-4) in TypeScript. Browsers compute it on https and on the local machine only, and a page that a
 * phone opens over the local network must be able to say what it decoded, too.
 */

const BLOCK = 64; // bytes

const PRIMES = primes(64);
const STATE = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUND = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));

/** The digest, 32 bytes. */
export function sha256(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = STATE.slice();
  const words = new Int32Array(64);
  const whole = data.length - (data.length % BLOCK);
  compress(state, words, data.subarray(0, whole));
  compress(state, words, padded(data.subarray(whole), data.length));
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => {
    digest.setInt32(4 * index, word);
  });
  return new Uint8Array(digest.buffer);
}

/** The last blocks: what is left of the data, a one bit, zeros, and the whole length in bits. */
function padded(rest: Uint8Array, bytes: number): Uint8Array {
  const last = new Uint8Array(rest.length + 9 > BLOCK ? 2 * BLOCK : BLOCK);
  last.set(rest);
  last[rest.length] = 0x80;
  new DataView(last.buffer).setBigUint64(last.length - 8, 8n * BigInt(bytes));
  return last;
}

/** Take whole blocks of `data` into `state`. */
function compress(state: Int32Array, words: Int32Array, data: Uint8Array): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at < data.length; at += BLOCK) {
    for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const early = words[i - 15]!;
      const late = words[i - 2]!;
      const small0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
      const small1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
      words[i] = ((words[i - 16]! + small0) | 0) + ((words[i - 7]! + small1) | 0);
    }
    round(state, words);
  }
}

function round(state: Int32Array, words: Int32Array): void {
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  let [e, f, g, h] = [state[4]!, state[5]!, state[6]!, state[7]!];
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const given = (ROUND[i]! + words[i]!) | 0; // sums of two, so that engines keep to 32 bits
    const first = (((h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25))) | 0) + ((choice + given) | 0)) | 0;
    const second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** The first 32 bits behind the point. A double has enough: the largest cube root, of 311, takes 3 bits before it. */
function fraction(value: number): number {
  return Math.floor((value % 1) * 2 ** 32) | 0;
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime)) found.push(n);
  return found;
}
