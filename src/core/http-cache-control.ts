/** What `Cache-Control` says (RFC 9111, 5.2; RFC 5861), of a request or an answer. Times in seconds. */
export interface CacheDirectives {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly isPrivate: boolean;
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAge: number | undefined;
  readonly sMaxAge: number | undefined;
  readonly minFresh: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
}

/** More than anybody waits, and what RFC 9111, 1.2.2 has for larger numbers. */
const MOST_SECONDS = 2 ** 31;

const unescaped = (text: string): string => text.replace(/\\(.?)/gs, '$1');

/** Tells the parts of a list of names with values: `name`, `name=token`, `name="quoted, text"`. */
function eachDirective(text: string, tell: (name: string, value: string) => void): void {
  let name: string | undefined;
  let value = '';
  let isQuoted = false;
  let begun = 0;
  // By pieces, for a text that is put together sign by sign is a chain of as many objects.
  const take = (to: number): void => {
    const piece = text.slice(begun, to);
    begun = to + 1;
    if (name === undefined) name = piece;
    else value += isQuoted ? unescaped(piece) : piece;
  };
  const end = (to: number): void => {
    take(to);
    tell(name!.trim().toLowerCase(), value.trim());
    name = undefined;
    value = '';
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (isQuoted && sign === '\\') at++;
    else if (sign === '"' && name !== undefined) {
      take(at);
      isQuoted = !isQuoted;
    } else if (isQuoted) continue;
    else if (sign === ',') end(at);
    else if (sign === '=' && name === undefined) take(at);
  }
  end(text.length);
}

/** Seconds; 0 for what is none, which is to say that nothing is fresh. */
export const secondsOf = (text: string | undefined): number =>
  text?.match(/^\d+$/) ? Math.min(Number(text), MOST_SECONDS) : 0;

/**
 * Reads it; `undefined` stands for a message without one. Of a time that is given more than once the shortest
 * counts. `private` and `no-cache` for some fields alone count as for all.
 */
export function readCacheControl(text: string | undefined): CacheDirectives {
  const flags = new Set<string>();
  const times = new Map<string, number>();
  const take = (name: string, value: string): void => {
    flags.add(name);
    times.set(name, Math.min(times.get(name) ?? MOST_SECONDS, secondsOf(value)));
  };
  if (text !== undefined) eachDirective(text, take);
  return {
    noStore: flags.has('no-store'),
    noCache: flags.has('no-cache'),
    isPrivate: flags.has('private'),
    isPublic: flags.has('public'),
    mustRevalidate: flags.has('must-revalidate'),
    proxyRevalidate: flags.has('proxy-revalidate'),
    onlyIfCached: flags.has('only-if-cached'),
    maxAge: times.get('max-age'),
    sMaxAge: times.get('s-maxage'),
    minFresh: times.get('min-fresh'),
    staleWhileRevalidate: times.get('stale-while-revalidate'),
    staleIfError: times.get('stale-if-error'),
  };
}
