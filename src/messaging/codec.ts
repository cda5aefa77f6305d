/** How data becomes bytes and is read again. */
export interface Codec {
  /** What stands in the header `content-type`. */
  readonly contentType: string;
  /** Writes data; throws what it likes when it cannot. */
  encode(data: unknown): Uint8Array;
  /** Reads bytes; throws what it likes when it cannot. */
  decode(bytes: Uint8Array): unknown;
}

/** A key that would reach into the prototype of what is read is left out. */
function harmless(this: unknown, key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

/**
 * JSON in UTF-8. What JSON would lose in silence is refused: `undefined`, functions and symbols as the whole
 * data, BigInt, circles.
 */
export function jsonCodec(): Codec {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return {
    contentType: 'application/json',
    encode(data) {
      const text = JSON.stringify(data) as string | undefined;
      if (text === undefined) throw new TypeError(`JSON has no word for ${typeof data}`);
      return encoder.encode(text);
    },
    decode(bytes) {
      const text = decoder.decode(bytes);
      // A reviver costs several times the parsing: it is asked only where it has something to do.
      return text.includes('__proto__') ? JSON.parse(text, harmless) : JSON.parse(text);
    },
  };
}

/** Bytes as they are. */
export const bytesCodec: Codec = {
  contentType: 'application/octet-stream',
  encode(data) {
    if (data instanceof Uint8Array) return data;
    throw new TypeError(`the data must be a Uint8Array, got ${typeof data}`);
  },
  decode: bytes => bytes,
};
