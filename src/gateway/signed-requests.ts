import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { newHexId } from '../kernel/random.js';
import type { Authenticator } from './authenticator.js';
import type { GatewayRequest, Identity } from './gateway-request.js';

/** A key that both sides have. */
export interface SigningKey {
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
  /** Who signs with it. */
  readonly identity: Identity;
}

/** Which signatures count. */
export interface SignedRequestsOptions {
  /** The keys by their ids. */
  readonly keys: Readonly<Record<string, SigningKey>>;
  /** How old, or how far ahead, a signature may be, in seconds. @default 300 */
  readonly maxAgeS?: number;
  /**
   * How many signatures are remembered, so that none counts twice; with no room left none counts.
   * @default 100_000
   */
  readonly maxNonces?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What is signed. */
export interface SignedParts {
  /** In upper case. */
  readonly method: string;
  /** In its one form: without dots, and with escapes in upper case, of what has to be escaped alone. */
  readonly path: string;
  /** With its `?`, byte for byte; empty without one. */
  readonly query: string;
  /** In lower case, without a port. */
  readonly host: string;
  /** The `Content-Digest` field; empty without one. */
  readonly digest: string;
}

const owner = 'signedRequests';
const FORM =
  /^HMAC-SHA256 key="([\w.-]{1,64})", ts="(\d{1,12})", nonce="([\w-]{16,64})", sig="([\da-f]{64})"$/;

const textOf = ({ method, path, query, host, digest }: SignedParts, ts: string, nonce: string): Uint8Array =>
  new TextEncoder().encode(['keelson-hmac-1', method, path, query, host, digest, ts, nonce].join('\n'));

const importKey = (secret: Uint8Array): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', secret as BufferSource, { name: 'HMAC', hash: 'SHA-256' }, false, [
    ...(['sign', 'verify'] as const),
  ]);

const toHex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('');
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16));

/** The `Authorization` field for a request, for who calls a gateway with {@link signedRequests}. */
export async function signRequest(
  keyId: string,
  secret: Uint8Array,
  parts: SignedParts,
  clock: Clock = systemClock,
): Promise<string> {
  const ts = String(Math.floor(clock.wall() / 1000));
  const nonce = newHexId(16);
  const data = textOf(parts, ts, nonce) as BufferSource;
  const sig = toHex(await crypto.subtle.sign('HMAC', await importKey(secret), data));
  return `HMAC-SHA256 key="${keyId}", ts="${ts}", nonce="${nonce}", sig="${sig}"`;
}

/** Signatures that have counted, for as long as they could count again. */
class Nonces {
  readonly #until = new Map<string, number>();
  readonly #most: number;
  /** The last end of those that are forgotten: what ends no later, by a clock that went back, may be one. */
  #forgotten = -Infinity;

  constructor(most: number) {
    this.#most = most;
  }

  /** `false` for one that has counted, and where there is no room to remember one more. */
  take(nonce: string, until: number, now: number): boolean {
    for (const [old, end] of this.#until) {
      // They came in the order in which they end, nearly: what is left behind goes a little later.
      if (end >= now) break;
      this.#until.delete(old);
      this.#forgotten = Math.max(this.#forgotten, end);
    }
    if (until <= this.#forgotten || this.#until.has(nonce) || this.#until.size >= this.#most) return false;
    this.#until.set(nonce, until);
    return true;
  }
}

/**
 * Knows who asks by a signature over the method, the path in its one form, the query, the host, the time and
 * a nonce, and over `Content-Digest`. A request with a body has to have one; whether the body is the one of
 * that digest is for the upstream to check, for it is not read here.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function signedRequests(options: SignedRequestsOptions): Authenticator {
  checkKeys(owner, options, ['keys', 'maxAgeS', 'maxNonces', 'clock']);
  const { keys, maxAgeS = 300, maxNonces = 100_000, clock = systemClock } = options;
  checkNumber(owner, 'maxAgeS', maxAgeS, { min: 1, max: 86_400 });
  checkNumber(owner, 'maxNonces', maxNonces, { min: 1, integer: true });
  const known = new Map<string, { readonly key: Promise<CryptoKey>; readonly identity: Identity }>();
  for (const [id, { secret, identity }] of Object.entries(keys)) {
    if (!(secret instanceof Uint8Array && secret.byteLength >= 32)) {
      refuse(owner, `keys.${id}.secret`, 'at least 32 bytes', 'something else');
    }
    known.set(id, { key: importKey(secret), identity });
  }
  const nonces = new Nonces(maxNonces);
  const refused = { refused: 'the signature does not count' };
  return {
    name: 'signed requests',
    challenge: 'HMAC-SHA256',
    credentialFields: ['authorization'],
    async authenticate(request: GatewayRequest) {
      const said = request.header('authorization');
      if (said === undefined || !said.startsWith('HMAC-SHA256 ')) return undefined;
      const [, id, ts, nonce, sig] = FORM.exec(said) ?? [];
      const found = known.get(id ?? '');
      if (found === undefined) return refused;
      const now = clock.wall() / 1000;
      if (Math.abs(now - Number(ts)) > maxAgeS) return { refused: 'the signature is too old' };
      const digest = request.header('content-digest') ?? '';
      const hasBody =
        request.header('transfer-encoding') !== undefined || Number(request.header('content-length')) > 0;
      if (hasBody && digest === '') return { refused: 'the body has no digest' };
      const { method, path, query, host } = request;
      const data = textOf({ method, path, query, host, digest }, ts!, nonce!) as BufferSource;
      const ok = await crypto.subtle.verify('HMAC', await found.key, fromHex(sig!) as BufferSource, data);
      // Remembered only when it counts, so that nobody fills the memory with what does not.
      if (!ok || !nonces.take(`${id} ${nonce}`, Number(ts) + maxAgeS, now)) return refused;
      return { identity: found.identity };
    },
  };
}
