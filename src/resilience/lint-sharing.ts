import { are, type LintHit, memories, outside, type Parts } from './lint-parts.js';

/** `inner` stand in front of everything but `before`, or a fallback comes too late and a hit too dear. */
export function notFirst(
  parts: Parts,
  kinds: readonly string[],
  before: readonly string[],
  message: string,
): LintHit[] {
  return are(parts, ...kinds).flatMap(part => {
    const other = outside(parts, part).find(({ kind }) => kind !== 'streamed' && !before.includes(kind));
    return other === undefined ? [] : [{ part, message: message.replace('%', () => `'${other.name}'`) }];
  });
}

/** A cache shares the misses of a key as well; two with keys of their own do different things. */
export function sharedTwice(parts: Parts): LintHit[] {
  return are(parts, 'coalesce').flatMap(part => {
    const others = [...are(parts, 'cache'), ...are(outside(parts, part), 'coalesce')];
    const other = others.find(({ told }) => told['key'] === part.told['key']);
    if (other === undefined) return [];
    return [{ part, message: `shares what '${other.name}' shares already: take it away` }];
  });
}

/** Wherever it stands: its callers would be handed one stream, which can be read only once. */
export function sharedStream(parts: Parts): LintHit[] {
  const [streamed] = are(parts, 'streamed');
  if (streamed === undefined) return [];
  const message = `shares answers, but a stream of '${streamed.name}' has one reader`;
  return are(parts, ...memories).map(part => ({
    part,
    message: `${message}: read it inside the operation, or take this away`,
  }));
}
