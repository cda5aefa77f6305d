import { makeOf } from '../resilience/config-making.js';
import { fieldOf } from '../resilience/config-problems.js';
import { apiKeys, hashApiKey, hashWords } from './api-keys.js';
import type { Authenticator } from './authenticator.js';
import { type ConfigRoom, entriesOf, type Fields, fieldsOf, tellValue } from './config-room.js';
import type { Identity } from './gateway-request.js';
import { type JwtOptions, jwt } from './jwt.js';
import { type SignedRequestsOptions, type SigningKey, signedRequests } from './signed-requests.js';

const kinds = ['api-keys', 'jwt', 'signed-requests'];
const identityNames = ['subject', 'scopes', 'claims'];
/** One that is shorter can be tried out. */
const SHORTEST_KEY = 16;

/** The authenticators of a config, by name. */
export function authenticatorsIn(value: unknown, room: ConfigRoom): Record<string, Authenticator> {
  const made: [string, Authenticator][] = [];
  for (const [name, entry, path] of entriesOf(value, 'authenticators', room)) {
    const said = [entry, room.references.secretsBelow(path)];
    // One that is kept was right: a token that it has verified need not be verified again.
    const one = room.kept.of(`authenticator ${name}`, said, () => authenticatorOf(entry, path, room));
    if (one !== undefined) made.push([name, one]);
  }
  return Object.fromEntries(made);
}

function authenticatorOf(entry: unknown, path: string, room: ConfigRoom): Authenticator | undefined {
  const kind = (entry as Fields | null | undefined)?.['kind'];
  if (kind === 'api-keys') return apiKeysOf(entry as Fields, path, room);
  if (kind === 'jwt') return jwtOf(entry as Fields, path, room);
  if (kind === 'signed-requests') return signedRequestsOf(entry as Fields, path, room);
  const choice = kinds.map(one => `'${one}'`).join(' or ');
  return tellValue(room, fieldOf(path, 'kind'), choice, kind);
}

function withoutKind({ kind: _, ...fields }: Fields): Fields {
  return fields;
}

function identityOf(fields: Fields, path: string, room: ConfigRoom): Identity | undefined {
  const { subject, scopes = [], claims = {} } = fields;
  if (typeof subject !== 'string' || subject === '') {
    return tellValue(room, `${path}.subject`, 'a text that is not empty', subject);
  }
  const isList = Array.isArray(scopes) && scopes.every(scope => typeof scope === 'string');
  if (!isList) return tellValue(room, `${path}.scopes`, 'a list of texts', scopes);
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) {
    return tellValue(room, `${path}.claims`, 'an object', claims);
  }
  return { subject, scopes: scopes as string[], claims: claims as Fields };
}

/** A text that must not stand in a file. What it is is shown to nobody. */
function secretOf(value: unknown, path: string, shortest: number, room: ConfigRoom): string | undefined {
  if (typeof value !== 'string' || !room.references.isSecret(path)) {
    const got = value === undefined ? 'and is missing' : 'for a secret in a file is none';
    return room.problems.tell(path, `must be a reference to the environment such as \${NAME}, ${got}`);
  }
  if (new TextEncoder().encode(value).byteLength >= shortest) return value;
  return room.problems.tell(path, `must be a reference to at least ${shortest} bytes`);
}

interface ReadKey {
  readonly hash: string | undefined;
  readonly key: string | undefined;
  readonly identity: Identity;
}

function keyOf(entry: unknown, path: string, room: ConfigRoom): ReadKey | undefined {
  const fields = fieldsOf(entry, path, ['hash', 'key', ...identityNames], room.problems);
  const identity = fields && identityOf(fields, path, room);
  if (identity === undefined) return undefined;
  const { hash, key } = fields!;
  if ((hash === undefined) === (key === undefined)) {
    return room.problems.tell(path, 'must have a `hash` or a `key`, and only one of them');
  }
  if (hash === undefined) {
    const secret = secretOf(key, `${path}.key`, SHORTEST_KEY, room);
    return secret === undefined ? undefined : { hash: undefined, key: secret, identity };
  }
  if (typeof hash === 'string' && /^[\da-f]{64}$/.test(hash)) return { hash, key: undefined, identity };
  return room.problems.tell(`${path}.hash`, `must be a SHA-256 in lower-case hex, got ${hashWords(hash)}`);
}

function apiKeysOf(entry: Fields, path: string, room: ConfigRoom): Authenticator | undefined {
  const { keys: list, ...rest } = withoutKind(entry);
  if (!Array.isArray(list)) return tellValue(room, `${path}.keys`, 'a list of keys', list);
  const keys = list
    .map((one, at) => keyOf(one, `${path}.keys[${at}]`, room))
    .filter(one => one !== undefined);
  let table: Promise<ReadonlyMap<string, Identity>> | undefined;
  const find = async (hash: string): Promise<Identity | undefined> => {
    table ??= Promise.all(keys.map(hashed)).then(pairs => new Map(pairs));
    return (await table).get(hash);
  };
  const make = (left: Fields): Authenticator => apiKeys({ ...left, keys: find });
  return makeOf({ options: { ...rest }, entry, path, beside: ['kind', 'keys'], make }, room.problems);
}

async function hashed({ hash, key, identity }: ReadKey): Promise<[string, Identity]> {
  return [hash ?? (await hashApiKey(key!)), identity];
}

function jwtOf(entry: Fields, path: string, room: ConfigRoom): Authenticator | undefined {
  const { jose, clock } = room.extras;
  if (jose === undefined) return room.problems.tell(path, 'needs the module `jose` as extras.jose');
  const { secret: text, ...rest } = withoutKind(entry);
  for (const field of ['jose', 'fetch', 'clock']) {
    if (field in rest) return room.problems.tell(fieldOf(path, field), 'is no data: give it in extras');
  }
  const secret = text === undefined ? undefined : secretOf(text, `${path}.secret`, 32, room);
  if (text !== undefined && secret === undefined) return undefined;
  const bytes = secret === undefined ? {} : { secret: new TextEncoder().encode(secret) };
  const options = { ...rest, ...bytes, ...(clock && { clock }) };
  const make = (left: Fields): Authenticator => jwt({ ...left, jose } as unknown as JwtOptions);
  return makeOf({ options, entry, path, beside: ['kind'], make }, room.problems);
}

function signedRequestsOf(entry: Fields, path: string, room: ConfigRoom): Authenticator | undefined {
  const { keys: list, ...rest } = withoutKind(entry);
  if (list === undefined) return tellValue(room, `${path}.keys`, 'an object of keys by their ids', list);
  const keys: [string, SigningKey][] = [];
  for (const [id, one, place] of entriesOf(list, `${path}.keys`, room)) {
    const fields = fieldsOf(one, place, ['secret', ...identityNames], room.problems);
    const identity = fields && identityOf(fields, place, room);
    const secret = fields && secretOf(fields['secret'], `${place}.secret`, 32, room);
    if (identity === undefined || secret === undefined) continue;
    keys.push([id, { secret: new TextEncoder().encode(secret), identity }]);
  }
  const { clock } = room.extras;
  const options = { ...rest, ...(clock && { clock }) };
  const make = (left: Fields): Authenticator => {
    return signedRequests({ ...left, keys: Object.fromEntries(keys) } as SignedRequestsOptions);
  };
  return makeOf({ options, entry, path, beside: ['kind', 'keys'], make }, room.problems);
}
