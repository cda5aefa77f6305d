import { httpDateMs } from './retry-after.js';

/** Conditions of a request, and how a kept answer is brought up to date: RFC 9110, 13; RFC 9111, 4.3. */

/** What tells one version of an answer from another. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

const opaque = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag);

/** The tags of `If-None-Match`, without what makes them weak; a comma within quotes parts nothing. */
const tagsOf = (text: string): readonly string[] | null => text.match(/"[^"]*"/g);

/** Whether two tags are of one version, by the weak comparison. */
export const sameTag = (a: string, b: string): boolean => opaque(a) === opaque(b);

/** Whether the client has this version already, by what it says: then the answer is 304. */
export function hasIt(
  ifNoneMatch: string | undefined,
  ifModifiedSince: string | undefined,
  { etag, lastModified }: Validators,
): boolean {
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return true;
    return etag !== undefined && (tagsOf(ifNoneMatch)?.includes(opaque(etag)) ?? false);
  }
  // What is not there is no date, and before none. Of an old form the century does not matter: both are read
  // alike.
  return httpDateMs(lastModified, 0) <= httpDateMs(ifModifiedSince, 0);
}

/** What belongs to the body that is kept, whatever a 304 says. */
const OF_BODY = /* @__PURE__ */ new Set([
  ...['content-length', 'content-encoding', 'content-type', 'content-range', 'transfer-encoding'],
]);
/** What a 304 says of what the client has: RFC 9110, 15.4.5. */
const OF_304 = /* @__PURE__ */ new Set([
  ...['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary', 'last-modified'],
]);

/** The fields of a kept answer after a 304, whose word counts more. Name, value, name, value … */
export function freshened(kept: readonly string[], news: readonly string[]): string[] {
  const fresh = news.filter((_, at) => !OF_BODY.has(news[at - (at % 2)]!.toLowerCase()));
  const said = new Set(fresh.filter((_, at) => at % 2 === 0).map(name => name.toLowerCase()));
  const old = kept.filter((_, at) => !said.has(kept[at - (at % 2)]!.toLowerCase()));
  return [...old, ...fresh];
}

/** The fields of a 304 for a kept answer. */
export function fieldsOf304(kept: readonly string[]): string[] {
  return kept.filter((_, at) => OF_304.has(kept[at - (at % 2)]!.toLowerCase()));
}
