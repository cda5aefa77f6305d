import { isFieldName } from '../core/request-fields.js';
import { checkKeys, refuse } from '../kernel/options.js';
import type { Authenticator } from './authenticator.js';
import type { Identity } from './gateway-request.js';

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
export async function hashApiKey(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('');
}

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
  const known = new Map<string, Identity>();
  for (const { hash, identity } of typeof keys === 'function' ? [] : keys) {
    if (!/^[\da-f]{64}$/.test(hash))
      refuse(owner, 'keys.hash', 'a SHA-256 in lower-case hex', 'something else');
    if (typeof identity?.subject !== 'string' || identity.subject === '') {
      refuse(owner, 'keys.identity', 'an object with a `subject`', identity);
    }
    known.set(hash, identity);
  }
  const find = typeof keys === 'function' ? keys : (hash: string): Identity | undefined => known.get(hash);
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
