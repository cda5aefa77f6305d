/** FNV-1a of 32 bits, as its authors give it, in whole numbers of any size. */
export function fnv1a(text: string, basis = 0x811c9dc5): number {
  let hash = BigInt(basis >>> 0);
  for (let at = 0; at < text.length; at++) {
    hash = ((hash ^ BigInt(text.charCodeAt(at))) * 16_777_619n) % 2n ** 32n;
  }
  return Number(hash);
}

/** `fmix32`, with which MurmurHash3 ends, in whole numbers of any size. */
export function fmix32(bits: number): number {
  let hash = BigInt(bits) % 2n ** 32n;
  hash ^= hash >> 16n;
  hash = (hash * 0x85ebca6bn) % 2n ** 32n;
  hash ^= hash >> 13n;
  hash = (hash * 0xc2b2ae35n) % 2n ** 32n;
  return Number(hash ^ (hash >> 16n));
}

/** The product of two numbers, of which 32 bits are kept. */
export function times32(one: number, other: number): number {
  return Number((BigInt(one) * BigInt(other)) % 2n ** 32n);
}
