const COOKIE = 'keelson-dashboard';
const encoder = (): TextEncoder => new TextEncoder();

const hex = (bytes: Uint8Array): string =>
  [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');

/** Says nothing about where two texts differ. */
function same(a: string, b: string): boolean {
  let differing = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) differing |= a.charCodeAt(at) ^ b.charCodeAt(at % (b.length || 1));
  return differing === 0;
}

/** The value of a cookie; the first where there are several. */
function cookieOf(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=');
    if (name === COOKIE && value !== undefined && /^[0-9a-f]{32}$/.test(value)) return value;
  }
  return undefined;
}

/**
 * Proves that a request was made by a page of ours: it carries in a field what only such a page was told, and
 * in a cookie the number that belongs to it (the signed double-submit cookie of OWASP).
 */
export class PageProof {
  readonly #key: Promise<CryptoKey>;

  constructor(secret: string | undefined) {
    const bytes =
      secret === undefined ? crypto.getRandomValues(new Uint8Array(32)) : encoder().encode(secret);
    const algorithm = { name: 'HMAC', hash: 'SHA-256' };
    this.#key = crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  }

  /** The token for who shows this cookie, and the cookie to set where there is none yet. */
  async issue(cookies: string | undefined): Promise<{ token: string; setCookie: string | undefined }> {
    const known = cookieOf(cookies);
    const nonce = known ?? hex(crypto.getRandomValues(new Uint8Array(16)));
    const setCookie = `${COOKIE}=${nonce}; Path=/; HttpOnly; SameSite=Strict`;
    return { token: await this.#sign(nonce), setCookie: known === undefined ? setCookie : undefined };
  }

  async holds(cookies: string | undefined, token: string | undefined): Promise<boolean> {
    const nonce = cookieOf(cookies);
    return nonce !== undefined && token !== undefined && same(await this.#sign(nonce), token);
  }

  async #sign(nonce: string): Promise<string> {
    const signed = await crypto.subtle.sign('HMAC', await this.#key, encoder().encode(nonce));
    return hex(new Uint8Array(signed));
  }
}

/**
 * Whether a browser says that the page of the request is of the host that is asked. One that says neither
 * `Origin` nor `Sec-Fetch-Site` is no browser of this century, and has to say where it comes from.
 */
export function isSameOrigin(
  header: (name: string) => string | undefined,
  trustedHosts: readonly string[],
): boolean {
  const site = header('sec-fetch-site');
  const origin = header('origin');
  if (site === undefined && origin === undefined) return false;
  if (origin === undefined) return site === 'same-origin';
  const from = hostOf(origin);
  if (from === undefined) return false;
  if (trustedHosts.includes(from)) return true;
  if (site !== undefined && site !== 'same-origin') return false;
  return from === header('host')?.toLowerCase();
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host || undefined;
  } catch {
    return undefined;
  }
}
