import * as jose from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { type GatewayRequest, type JwtOptions, jwt } from '../../../src/gateway.js';
import { VirtualClock } from '../../../src/testing.js';

const issuer = 'https://issuer.example';
const audience = 'shop';
const bearer = (token: string): GatewayRequest =>
  ({
    header: (name: string) => (name === 'authorization' ? `Bearer ${token}` : undefined),
  }) as GatewayRequest;

let one: jose.CryptoKey;
let two: jose.CryptoKey;
let jwkOne: jose.JWK;
let jwkTwo: jose.JWK;
let publicPem: string;

beforeAll(async () => {
  const [first, second] = [
    await jose.generateKeyPair('RS256', { extractable: true }),
    await jose.generateKeyPair('RS256', { extractable: true }),
  ];
  one = first.privateKey;
  two = second.privateKey;
  jwkOne = { ...(await jose.exportJWK(first.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' };
  jwkTwo = { ...(await jose.exportJWK(second.publicKey)), kid: 'two', alg: 'RS256', use: 'sig' };
  publicPem = await jose.exportSPKI(first.publicKey);
});

const clock = () => new VirtualClock({ wallMs: 1_700_000_000_000 });
const nowS = 1_700_000_000;

interface Told {
  readonly header?: Record<string, unknown>;
  readonly claims?: Record<string, unknown>;
  readonly key?: jose.CryptoKey | Uint8Array;
}
const sign = ({ header = {}, claims = {}, key = one }: Told = {}): Promise<string> =>
  new jose.SignJWT({
    iss: issuer,
    aud: audience,
    sub: 'ada',
    exp: nowS + 600,
    scope: 'read write',
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
    .sign(key);
const made = (over: Partial<JwtOptions> = {}) =>
  jwt({ jose, issuer, audience, algorithms: ['RS256'], jwks: { keys: [jwkOne] }, clock: clock(), ...over });
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('jwt', () => {
  it('knows who asks, and what that may do', async () => {
    const found = await made().authenticate(bearer(await sign()));
    expect(found).toMatchObject({ identity: { subject: 'ada', scopes: ['read', 'write'] } });
    const list = await made({ scopesClaim: 'scp' }).authenticate(
      bearer(await sign({ claims: { scp: ['a', 1] } })),
    );
    expect(list).toMatchObject({ identity: { scopes: ['a'] } });
  });

  it('says nothing of a request that shows no token', async () => {
    const none = { header: () => undefined } as unknown as GatewayRequest;
    const basic = { header: () => 'Basic eDp5' } as unknown as GatewayRequest;
    expect(await made().authenticate(none)).toBeUndefined();
    expect(await made().authenticate(basic)).toBeUndefined();
  });

  it('refuses a token without a signature', async () => {
    const claims = { iss: issuer, aud: audience, sub: 'ada', exp: nowS + 600 };
    for (const alg of ['none', 'None', 'NONE', 'nOnE']) {
      const token = `${base64({ alg, typ: 'JWT' })}.${base64(claims)}.`;
      expect(await made().authenticate(bearer(token))).toHaveProperty('refused');
      expect(await made().authenticate(bearer(`${token}AA`))).toHaveProperty('refused');
    }
  });

  it('refuses one that is signed with the public key as if it were a secret', async () => {
    for (const text of [publicPem, publicPem.trim(), JSON.stringify(jwkOne)]) {
      const token = await sign({ header: { alg: 'HS256' }, key: new TextEncoder().encode(text) });
      expect(await made().authenticate(bearer(token))).toHaveProperty('refused');
    }
  });

  it('takes keys from nowhere but where it was told', async () => {
    const { publicKey, privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
    const jwk = await jose.exportJWK(publicKey);
    for (const header of [{ jwk }, { jku: 'https://evil.example/jwks' }, { x5u: 'https://evil.example/c' }]) {
      const token = await sign({ header: { ...header, kid: 'one' }, key: privateKey });
      expect(await made().authenticate(bearer(token))).toHaveProperty('refused');
    }
  });

  it.each(['../../dev/null', "' OR 1=1 --", '__proto__', 'constructor', '/etc/passwd', '', 'two'])(
    'refuses the key id %j',
    async kid => {
      expect(await made().authenticate(bearer(await sign({ header: { kid } })))).toHaveProperty('refused');
    },
  );

  it.each([
    ['has expired', { exp: nowS - 31 }],
    ['is not valid yet', { nbf: nowS + 31 }],
    ['has no end', { exp: undefined }],
    ['has an end that is no number', { exp: 'never' }],
    ['is for somebody else', { aud: 'bank' }],
    ['is for nobody', { aud: undefined }],
    ['is for a list without us', { aud: ['bank', 'shop2'] }],
    ['is of somebody else', { iss: 'https://issuer.example/' }],
    ['is of nobody', { iss: undefined }],
    ['names nobody', { sub: undefined }],
    ['names nobody, in as many words', { sub: '' }],
    ['names a number', { sub: 7 }],
  ])('refuses a token that %s', async (_, claims) => {
    const token = await sign({ claims: claims as Record<string, unknown> });
    expect(await made().authenticate(bearer(token))).toHaveProperty('refused');
  });

  it('allows for clocks that differ by half a minute', async () => {
    expect(await made().authenticate(bearer(await sign({ claims: { exp: nowS - 29 } })))).toHaveProperty(
      'identity',
    );
    expect(await made().authenticate(bearer(await sign({ claims: { nbf: nowS + 29 } })))).toHaveProperty(
      'identity',
    );
  });

  it('refuses what was changed, an algorithm that is not pinned, and a header that is critical', async () => {
    const [head, body, signature] = (await sign()).split('.') as [string, string, string];
    const other = base64({ iss: issuer, aud: audience, sub: 'root', exp: nowS + 600 });
    expect(await made().authenticate(bearer(`${head}.${other}.${signature}`))).toHaveProperty('refused');
    expect(await made().authenticate(bearer(`${head}.${body}.${signature.slice(2)}`))).toHaveProperty(
      'refused',
    );
    expect(await made({ algorithms: ['RS512'] }).authenticate(bearer(await sign()))).toHaveProperty(
      'refused',
    );
    const critical = `${base64({ alg: 'RS256', kid: 'one', crit: ['x'], x: 1 })}.${body}.${signature}`;
    expect(await made().authenticate(bearer(critical))).toHaveProperty('refused');
    expect(await made({ typ: 'at+jwt' }).authenticate(bearer(await sign()))).toHaveProperty('refused');
    const typed = await sign({ header: { typ: 'at+jwt' } });
    expect(await made({ typ: 'at+jwt' }).authenticate(bearer(typed))).toHaveProperty('identity');
  });

  it.each(['a', 'a.b', 'a.b.c.d', 'a.b.c, d.e.f', `${'a'.repeat(9_000)}.b.c`, 'a b.c.d', '..', '🙂.b.c'])(
    'refuses what is no token: %s',
    async token => {
      expect(await made().authenticate(bearer(token))).toMatchObject({ error: 'invalid_request' });
    },
  );

  it('takes a secret of both sides, and then nothing that is signed with a key of one', async () => {
    const secret = new Uint8Array(32).fill(7);
    const options = { jose, issuer, audience, algorithms: ['HS256'], secret, clock: clock() };
    const token = await sign({ header: { alg: 'HS256' }, key: secret });
    expect(await jwt(options).authenticate(bearer(token))).toHaveProperty('identity');
    expect(await jwt(options).authenticate(bearer(await sign()))).toHaveProperty('refused');
  });

  it('knows a token that it has verified, until it ends', async () => {
    const time = clock();
    let asked = 0;
    const counting: JwtOptions['jose'] = {
      ...jose,
      jwtVerify(token, key, options) {
        asked++;
        return (jose as JwtOptions['jose']).jwtVerify(token, key, options);
      },
    };
    const known = made({ jose: counting, clock: time, clockToleranceS: 0, cacheSize: 1 });
    const token = await sign({ claims: { exp: nowS + 30 } });
    await known.authenticate(bearer(token));
    await known.authenticate(bearer(token));
    expect(asked).toBe(1);
    await time.advance(30_000);
    expect(await known.authenticate(bearer(token))).toHaveProperty('refused');
    await known.authenticate(bearer(await sign({ claims: { exp: nowS + 90, n: 1 } })));
    await known.authenticate(bearer(await sign({ claims: { exp: nowS + 90, n: 2 } })));
    await known.authenticate(bearer(await sign({ claims: { exp: nowS + 90, n: 1 } })));
    expect(asked).toBe(5);
  });

  it.each([
    [{ jose: {} }, '`jose` must be the module `jose`'],
    [{ issuer: '' }, '`issuer` must be'],
    [{ audience: [] }, '`audience` must be'],
    [{ algorithms: [] }, '`algorithms` must be'],
    [{ algorithms: ['none'] }, '`algorithms` must be'],
    [{ algorithms: ['RS256', 'HS256'] }, '`algorithms` must be'],
    [{ secret: new Uint8Array(32) }, '`jwksUrl` must be given, or `jwks`, or `secret`, and only one'],
    [
      { jwks: undefined, secret: new Uint8Array(8), algorithms: ['HS256'] },
      '`secret` must be at least 32 bytes',
    ],
    [{ jwks: undefined, secret: new Uint8Array(32) }, '`algorithms` must be HS256'],
    [{ jwks: undefined, jwksUrl: 'file:///etc/passwd' }, '`jwksUrl` must be a URL'],
    [{ clockToleranceS: 61 }, '`clockToleranceS` must be'],
    [{ cacheMs: -1 }, '`cacheMs` must be'],
    [{ nonsense: 1 }, 'unknown option `nonsense`'],
  ])('refuses the options %j', (over, message) => {
    expect(() => made(over as Partial<JwtOptions>)).toThrow(message);
  });
});

describe('keys of a provider', () => {
  const provider = () => {
    const state = { keys: [jwkOne], down: false, asked: 0, status: 200 };
    const fetch = async (): Promise<Response> => {
      state.asked++;
      if (state.down) throw new TypeError('fetch failed');
      return new Response(JSON.stringify({ keys: state.keys }), { status: state.status });
    };
    const time = clock();
    const known = made({
      jwks: undefined as never,
      jwksUrl: 'https://issuer.example/jwks',
      fetch,
      clock: time,
      cacheMs: 0,
    });
    const ask = async (told: Told = {}) =>
      known.authenticate(bearer(await sign({ claims: { exp: nowS + 100_000 }, ...told })));
    return { state, time, ask };
  };

  it('are fetched once for all who ask at a time', async () => {
    const { state, ask } = provider();
    const found = await Promise.all([ask(), ask(), ask()]);
    expect(found.every(one => one !== undefined && 'identity' in one)).toBe(true);
    expect(state.asked).toBe(1);
  });

  it('are fetched anew for a new key, but not again and again for one that nobody knows', async () => {
    const { state, time, ask } = provider();
    await ask();
    state.keys = [jwkOne, jwkTwo];
    await time.advance(30_000);
    expect(await ask({ header: { kid: 'two' }, key: two })).toHaveProperty('identity');
    expect(state.asked).toBe(2);
    for (let at = 0; at < 20; at++)
      expect(await ask({ header: { kid: `x${at}` } })).toHaveProperty('refused');
    expect(state.asked).toBe(2);
    await time.advance(30_000);
    expect(await ask({ header: { kid: 'x' } })).toHaveProperty('refused');
    expect(state.asked).toBe(3);
  });

  it('serve on while the provider is down, even for a key that nobody knows, and not for ever', async () => {
    const { state, time, ask } = provider();
    await ask();
    state.down = true;
    await time.advance(600_000);
    expect(await ask()).toHaveProperty('identity');
    expect(await ask({ header: { kid: 'two' }, key: two })).toHaveProperty('refused');
    await time.advance(3_599_000);
    expect(await ask()).toHaveProperty('identity');
    await time.advance(2_000);
    await expect(ask()).rejects.toThrow('fetch failed');
    state.down = false;
    await time.advance(1_000);
    expect(await ask()).toHaveProperty('identity');
  });

  it('are got anew before they are old, and nobody waits for that', async () => {
    const { state, time, ask } = provider();
    await ask();
    await time.advance(480_000);
    await ask();
    expect(state.asked).toBe(2);
    state.keys = [jwkTwo];
    await time.advance(480_000);
    await ask();
    await time.advance(30_000);
    expect(await ask()).toHaveProperty('refused');
  });

  it('that were never there are asked for once a second, and it is not the fault of who asks', async () => {
    const { state, time, ask } = provider();
    state.status = 500;
    await expect(ask()).rejects.toThrow('answered with 500');
    await expect(ask()).rejects.toThrow('answered with 500');
    expect(state.asked).toBe(1);
    state.status = 200;
    await time.advance(1_000);
    expect(await ask()).toHaveProperty('identity');
  });
});
