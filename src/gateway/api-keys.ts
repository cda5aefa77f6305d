import { isFieldName } from '../core/request-fields.js';
import { checkKeys, isRecord, refuse, show } from '../kernel/options.js';
import type { Authenticator } from './authenticator.js';
import type { Identity } from './gateway-request.js';
import { sha256Hex } from './sha256-hex.js';

/** A key, as it may be kept: what it is cannot be told from it. */
export interface ApiKey {
  /** The SHA-256 of the key in lower-case hex: see {@link hashApiKey}. */
  readonly hash: string;
  /** Who shows it. */
  readonly identity: Identity;
}

/** How keys are known. */
export interface ApiKeysOptions {
  /** The keys; or a function that looks one up by its hash, and answers `undefined` for one unknown. */
  readonly keys:
    | readonly ApiKey[]
    | ((hash: string) => Identity | undefined | PromiseLike<Identity | undefined>);
  /** The field that shows a key. @default 'x-api-key' */
  readonly field?: string;
}

const owner = 'apiKeys';
/** No key is longer; and none is so short that all can be tried. */
const LONGEST = 512;

/** The SHA-256 of a key in lower-case hex. Keys are long and random, so that no salt is needed. */
export function hashApiKey(key: string): Promise<string> {
  return sha256Hex(key);
}

/** What stands in the place of a hash; nothing of it is shown, for it may be the key. */
export function hashWords(hash: unknown): string {
  if (typeof hash !== 'string') return show(hash);
  if (/^[\dA-Fa-f]{64}$/.test(hash)) return 'hex in upper case';
  if (/^[\dA-Fa-f]{32,}$/.test(hash)) return `${hash.length} hex digits, and SHA-256 has 64`;
  // 32 bytes, with and without what fills up.
  if (/^[\w+/-]{43}=?$/.test(hash)) return 'what looks like base64: write it in hex';
  return `a text of ${hash.length} characters; is it the key itself? \`hashApiKey\` makes the hash of it`;
}

/** Identities by hash. */
function tableOf(keys: readonly ApiKey[]): ReadonlyMap<string, Identity> {
  const known = new Map<string, Identity>();
  const places = new Map<string, string>();
  for (const [at, key] of keys.entries()) {
    const place = `keys[${at}]`;
    if (!isRecord(key)) refuse(owner, place, 'an object', key);
    checkKeys(`${owner}: \`${place}\``, key, ['hash', 'identity']);
    const { hash, identity } = key;
    const rule = `${owner}: \`${place}.hash\` must be a SHA-256 in lower-case hex`;
    if (typeof hash !== 'string' || !/^[\da-f]{64}$/.test(hash)) {
      throw new TypeError(`${rule}, got ${hashWords(hash)}`);
    }
    if (known.has(hash))
      throw new TypeError(`${rule}, of its own, got that of \`${places.get(hash)}\` again`);
    if (typeof identity?.subject !== 'string' || identity.subject === '') {
      refuse(owner, `${place}.identity`, 'an object with a `subject`', identity);
    }
    known.set(hash, identity);
    places.set(hash, place);
  }
  return known;
}

const finder = (known: ReadonlyMap<string, Identity>) => (hash: string) => known.get(hash);

/**
 * Knows who asks by a key in a field. Keys are looked up by their hash, so how long that takes tells nothing
 * of them.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function apiKeys(options: ApiKeysOptions): Authenticator {
  checkKeys(owner, options, ['keys', 'field']);
  const { keys, field = 'x-api-key' } = options;
  if (typeof field !== 'string' || !isFieldName(field)) refuse(owner, 'field', 'the name of a field', field);
  if (typeof keys !== 'function' && !Array.isArray(keys)) {
    refuse(owner, 'keys', 'a list of keys, or a function that looks one up', keys);
  }
  const find = typeof keys === 'function' ? keys : finder(tableOf(keys));
  return {
    name: 'api keys',
    challenge: 'ApiKey',
    credentialFields: [field.toLowerCase()],
    async authenticate(request) {
      const key = request.header(field);
      if (key === undefined) return undefined;
      if (key === '' || key.length > LONGEST) return { refused: 'the key is not known' };
      const identity = await find(await hashApiKey(key));
      return identity === undefined ? { refused: 'the key is not known' } : { identity };
    },
  };
}
