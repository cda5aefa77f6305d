import { Readable } from 'node:stream';

/** What an upstream answers to a nonce: from a few bytes to some thousand. */
export const bodyOf = nonce => `${nonce};`.repeat(1 + (Number.parseInt(nonce.slice(0, 4), 16) % 500));

/** The bytes of a long answer, of which each place follows from the nonce. */
export function patternOf(nonce) {
  return Buffer.from(nonce.repeat(Math.ceil(65_536 / nonce.length)), 'latin1');
}

/** A long answer. */
export function streamOf(nonce, bytes) {
  const pattern = patternOf(nonce);
  let left = bytes;
  return new Readable({
    read() {
      if (left === 0) {
        this.push(null);
        return;
      }
      // Pieces of whole nonces, so that each begins with the beginning of one.
      const size = Math.min(left, pattern.length - (pattern.length % nonce.length));
      left -= size;
      this.push(pattern.subarray(0, size));
    },
  });
}

/** Reads a long answer piece by piece, and says at the end whether it was that of the nonce, and whole. */
export class StreamCheck {
  #pattern;
  #length;
  #at = 0;
  #isRight = true;

  constructor(nonce) {
    this.#pattern = patternOf(nonce);
    this.#length = nonce.length;
  }

  take(chunk) {
    for (let at = 0; at < chunk.length; ) {
      const from = (this.#at + at) % this.#length;
      const size = Math.min(chunk.length - at, this.#pattern.length - from);
      if (this.#pattern.compare(chunk, at, at + size, from, from + size) !== 0) this.#isRight = false;
      at += size;
    }
    this.#at += chunk.length;
  }

  isWhole(bytes) {
    return this.#isRight && this.#at === bytes;
  }
}
