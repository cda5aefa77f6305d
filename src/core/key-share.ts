/**
 * Where a key stands in `[0, 1)`, the same at all times and in all processes, so that a share of all keys can
 * be told by comparing: whoever is in a share is in every larger one as well.
 *
 * FNV-1a over UTF-16 units, mixed once more by the finaliser of MurmurHash3: by itself it leaves keys that
 * differ in their last letter close together.
 */
export function keyShare(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
