import { describe, expect, it } from 'vitest';
import {
  apiKeys,
  type GatewayRequest,
  hashApiKey,
  type SignedParts,
  signedRequests,
  signRequest,
} from '../../../src/gateway.js';
import { VirtualClock } from '../../../src/testing.js';

const asking = (fields: Readonly<Record<string, string>>, over: Partial<SignedParts> = {}): GatewayRequest =>
  ({
    ...{ method: 'GET', path: '/a', query: '?b', host: 'h', ...over },
    header: (name: string) => fields[name.toLowerCase()],
  }) as unknown as GatewayRequest;

describe('apiKeys', () => {
  const identity = { subject: 'shop' };

  it('knows a key by its hash', async () => {
    const hash = await hashApiKey('k'.repeat(40));
    expect(hash).toMatch(/^[\da-f]{64}$/);
    for (const keys of [[{ hash, identity }], (asked: string) => (asked === hash ? identity : undefined)]) {
      const known = apiKeys({ keys });
      expect(await known.authenticate(asking({ 'x-api-key': 'k'.repeat(40) }))).toEqual({ identity });
      expect(await known.authenticate(asking({ 'x-api-key': hash }))).toHaveProperty('refused');
      expect(await known.authenticate(asking({ 'x-api-key': '' }))).toHaveProperty('refused');
      expect(await known.authenticate(asking({ 'x-api-key': 'k'.repeat(600) }))).toHaveProperty('refused');
      expect(await known.authenticate(asking({}))).toBeUndefined();
    }
  });

  it('names what is wrong, and never a key', () => {
    expect(() => apiKeys({ keys: [{ hash: 'secret', identity }] })).toThrow(
      '`keys[0].hash` must be a SHA-256',
    );
    expect(() => apiKeys({ keys: [{ hash: 'secret', identity }] })).not.toThrow('"secret"');
    expect(() => apiKeys({ keys: [{ hash: 'a'.repeat(64), identity: { subject: '' } }] })).toThrow(
      '`keys[0].identity`',
    );
    expect(() => apiKeys({ keys: 7 as never })).toThrow('`keys` must be');
    expect(() => apiKeys({ keys: [], field: 'a b' })).toThrow('`field` must be');
  });
});

describe('signedRequests', () => {
  const secret = new Uint8Array(32).fill(1);
  const identity = { subject: 'batch' };
  const parts: SignedParts = { method: 'GET', path: '/a', query: '?b', host: 'h', digest: '' };
  const make = (over = {}) => {
    const clock = new VirtualClock({ wallMs: 1_700_000_000_000 });
    const known = signedRequests({ keys: { k1: { secret, identity } }, clock, ...over });
    return { clock, known, sign: (of = parts, by = secret, id = 'k1') => signRequest(id, by, of, clock) };
  };

  it('knows who has signed, once', async () => {
    const { known, sign } = make();
    const authorization = await sign();
    expect(await known.authenticate(asking({ authorization }))).toEqual({ identity });
    expect(await known.authenticate(asking({ authorization }))).toHaveProperty('refused');
    expect(await known.authenticate(asking({ authorization: await sign() }))).toEqual({ identity });
  });

  it('is known to have counted also when the clock goes back to where it would count', async () => {
    let wallMs = 1_700_000_000_000;
    const clock = Object.assign(new VirtualClock(), { wall: () => wallMs });
    const known = signedRequests({ keys: { k1: { secret, identity } }, clock });
    const sign = () => signRequest('k1', secret, parts, clock);
    const first = await sign();
    expect(await known.authenticate(asking({ authorization: first }))).toEqual({ identity });
    wallMs += 400_000;
    expect(await known.authenticate(asking({ authorization: await sign() }))).toEqual({ identity });
    wallMs -= 390_000;
    expect(await known.authenticate(asking({ authorization: first }))).toHaveProperty('refused');
    expect(await known.authenticate(asking({ authorization: await sign() }))).toEqual({ identity });
  });

  it.each([
    ['method', 'POST'],
    ['path', '/b'],
    ['query', '?c'],
    ['host', 'g'],
  ] as const)('does not count for another %s', async (part, value) => {
    const { known, sign } = make();
    const request = asking({ authorization: await sign() }, { [part]: value });
    expect(await known.authenticate(request)).toHaveProperty('refused');
  });

  it('counts for a body by its digest alone', async () => {
    const { known, sign } = make();
    const fields = { 'content-length': '2', 'content-digest': 'sha-256=:x:' };
    const authorization = await sign({ ...parts, digest: 'sha-256=:x:' });
    expect(await known.authenticate(asking({ authorization, ...fields }))).toEqual({ identity });
    const again = await sign({ ...parts, digest: 'sha-256=:x:' });
    const other = { ...fields, 'content-digest': 'sha-256=:y:' };
    expect(await known.authenticate(asking({ authorization: again, ...other }))).toHaveProperty('refused');
    const none = await sign();
    for (const body of [{ 'content-length': '2' }, { 'transfer-encoding': 'chunked' }]) {
      expect(await known.authenticate(asking({ authorization: none, ...body }))).toEqual({
        refused: 'the body has no digest',
      });
    }
  });

  it('does not count when it is old, or of a key that is another one', async () => {
    const { clock, known, sign } = make();
    const old = await sign();
    const other = await sign(parts, new Uint8Array(32).fill(2));
    const unknown = await sign(parts, secret, '__proto__');
    expect(await known.authenticate(asking({ authorization: other }))).toHaveProperty('refused');
    expect(await known.authenticate(asking({ authorization: unknown }))).toHaveProperty('refused');
    expect(await known.authenticate(asking({ authorization: 'HMAC-SHA256 x' }))).toHaveProperty('refused');
    expect(await known.authenticate(asking({ authorization: 'Bearer x' }))).toBeUndefined();
    expect(await known.authenticate(asking({}))).toBeUndefined();
    await clock.advance(301_000);
    expect(await known.authenticate(asking({ authorization: old }))).toEqual({
      refused: 'the signature is too old',
    });
  });

  it('remembers as many as it may, and forgets those that cannot come again', async () => {
    const { clock, known, sign } = make({ maxNonces: 2 });
    for (const ok of [true, true, false]) {
      const found = await known.authenticate(asking({ authorization: await sign() }));
      expect(found !== undefined && 'identity' in found).toBe(ok);
    }
    await clock.advance(301_000);
    expect(await known.authenticate(asking({ authorization: await sign() }))).toEqual({ identity });
  });

  it('wants keys that nobody can guess', () => {
    expect(() => make({ keys: { a: { secret: new Uint8Array(8), identity } } })).toThrow(
      '`keys.a.secret` must be',
    );
  });
});
