/** The parts of any text as RFC 3986, appendix B, takes it apart. */
const parts = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;
const scheme = /^[A-Za-z][A-Za-z\d+.-]*$/;
const authority = /^(?:[^@[\]]*@)?(?:\[[\dA-Za-z:.~!$&'()*+,;=_-]+\]|[^:@[\]]*)(?::\d*)?$/;

/** Whether a text is a URI-reference of RFC 3986: a URI, or a path, query or fragment alone. */
export function isUriReference(text: string): boolean {
  // Two searches for what must not be there: a pattern of all that may be there would have to backtrack.
  if (/[^\w.~:/?#[\]@!$&'()*+,;=%-]/.test(text) || /%(?![\dA-Fa-f]{2})/.test(text)) return false;
  const [, before, host, path = '', query = '', fragment = ''] = parts.exec(text) ?? [];
  if (before !== undefined && !scheme.test(before)) return false;
  if (host !== undefined && !authority.test(host)) return false;
  // `parts` found no scheme, so that a colon in the first segment would begin with nothing.
  if (before === undefined && host === undefined && path.startsWith(':')) return false;
  return !/[[\]]/.test(path + query) && !/[[\]#]/.test(fragment);
}

/** Whether a text is a URI of RFC 3986: it names its scheme, and may have a fragment. */
export function isUri(text: string): boolean {
  return /^[A-Za-z][A-Za-z\d+.-]*:/.test(text) && isUriReference(text);
}
