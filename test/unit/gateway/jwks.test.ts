import * as jose from 'jose';
import { describe, expect, it } from 'vitest';
import { RemoteKeys } from '../../../src/gateway/jwks.js';
import { type GatewayRequest, type JwtOptions, jwt } from '../../../src/gateway.js';
import { VirtualClock } from '../../../src/testing.js';

it('no more of the keys of a provider is read than there may be', async () => {
  let read = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      read++;
      controller.enqueue(new Uint8Array(65_536).fill(0x20));
      if (read === 1_000) controller.close();
    },
  });
  const times = { maxAgeMs: 600_000, maxStaleMs: 0, cooldownMs: 30_000, timeoutMs: 5_000 };
  const fetch = async (): Promise<Response> => new Response(endless);
  const keys = new RemoteKeys(
    { url: 'https://issuer.example/jwks', fetch, clock: new VirtualClock(), ...times },
    () => () => undefined,
  );
  await expect(keys.key({} as never, {} as never)).rejects.toThrow('the keys are too large');
  expect(read).toBeLessThan(20);
});

describe('keys of a provider that are odd', () => {
  const pair = async (more: jose.JWK = {}) => {
    const { publicKey, privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
    return { jwk: { ...(await jose.exportJWK(publicKey)), ...more }, key: privateKey };
  };
  const sign = (key: jose.CryptoKey, kid?: string) =>
    new jose.SignJWT({ iss: 'i', aud: 'a', sub: 'ada' })
      .setExpirationTime('1h')
      .setProtectedHeader({ alg: 'RS256', ...(kid === undefined ? {} : { kid }) })
      .sign(key);
  const ask = async (answer: unknown, token: string, over: Partial<JwtOptions> = {}) => {
    const fetch = async () => Response.json(answer);
    const known = jwt({
      ...{ jose, issuer: 'i', audience: 'a', algorithms: ['RS256'], jwksUrl: 'https://i.example/jwks' },
      ...{ fetch, ...over },
    });
    return known.authenticate({ header: () => `Bearer ${token}` } as unknown as GatewayRequest);
  };

  it.each([[{}], [{ error: 'maintenance' }], [{ keys: 'none' }], [{ keys: [null] }], [null], ['x']])(
    'are none, and it is not the fault of who asks: %j',
    async answer => {
      const { key } = await pair();
      await expect(ask(answer, await sign(key))).rejects.toThrow('the keys are none');
    },
  );

  it('may have one id, or none, for more than one: each is tried', async () => {
    const [one, two, other] = [await pair(), await pair(), await pair()];
    for (const kid of [undefined, 'k']) {
      const keys = [one, two].map(({ jwk }) => (kid === undefined ? jwk : { ...jwk, kid }));
      const from = { jwksUrl: undefined as never, jwks: { keys } };
      for (const over of [{}, from]) {
        expect(await ask({ keys }, await sign(one.key, kid), over)).toHaveProperty('identity');
        expect(await ask({ keys }, await sign(two.key, kid), over)).toHaveProperty('identity');
        expect(await ask({ keys }, await sign(other.key, kid), over)).toMatchObject({
          refused: 'the token does not count',
        });
      }
    }
  });

  it('says of a token that is signed by one of several what is wrong with it', async () => {
    const keys = [await pair(), await pair()];
    const token = await new jose.SignJWT({ iss: 'i', aud: 'a', sub: 'ada', exp: 1 })
      .setProtectedHeader({ alg: 'RS256' })
      .sign(keys[1]!.key);
    expect(await ask({ keys: keys.map(({ jwk }) => jwk) }, token)).toMatchObject({
      refused: 'the token has expired',
    });
  });
});

it('a token whose end never comes has none', async () => {
  const { publicKey, privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  const jwks = { keys: [await jose.exportJWK(publicKey)] };
  const text = (value: string) => Buffer.from(value).toString('base64url');
  const said = `${text('{"alg":"RS256"}')}.${text('{"iss":"i","aud":"a","sub":"ada","exp":1e999}')}`;
  const data = new TextEncoder().encode(said);
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', privateKey, data);
  const token = `${said}.${Buffer.from(signature).toString('base64url')}`;
  const known = jwt({ jose, issuer: 'i', audience: 'a', algorithms: ['RS256'], jwks });
  const request = { header: () => `Bearer ${token}` } as unknown as GatewayRequest;
  expect(await known.authenticate(request)).toMatchObject({ refused: 'the token has no end' });
});
