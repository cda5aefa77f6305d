/**
 * A number of 32 bits for a text, the same at all times and in all processes: FNV-1a over UTF-16 units, mixed
 * once more by {@link mix32}, for by itself it leaves texts that differ in their last letter close together.
 * Another `seed` gives another number that knows nothing of the first.
 */
export function hash32(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix32(hash);
}

/** Spreads the bits of a number over all 32: the finaliser of MurmurHash3. */
export function mix32(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
