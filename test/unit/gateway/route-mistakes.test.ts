import { describe, expect, it } from 'vitest';
import { ApiGateway, apiKeys, type GatewayRoute, hashApiKey } from '../../../src/gateway.js';
import { ServiceProxy } from '../../../src/index.js';

const stock = new ServiceProxy({ service: 'stock', instances: [{ id: 'a', url: 'http://a' }] });
const make = (...routes: object[]) =>
  new ApiGateway({ services: { stock }, routes: routes as GatewayRoute[] });
const upstream = 'http://a';

describe('a route', () => {
  it.each([
    [{ upstream: ['http://a', 'http://b'] }, 'route /: `upstream` must be one upstream and no list'],
    [{ upstream: [] }, 'for instances of one service a ServiceProxy'],
    [
      {
        upstream: {
          split: [
            { name: 'a', weight: 1, upstream: ['http://a'] },
            { name: 'b', weight: 1, upstream },
          ],
        },
      },
      'must be one upstream and no list',
    ],
    [{ upstream: { service: 'stock', basePth: '/v1' } }, '`upstream`: unknown option `basePth`'],
    [{ upstream: { aggregate: { execute() {} }, inputs: 1 } }, '`upstream`: unknown option `inputs`'],
    [{ redirect: { to: '/b', code: 301 } }, '`redirect`: unknown option `code`'],
    [{ reply: { status: 200, text: 'a' } }, '`reply`: unknown option `text`'],
    [{ reply: { status: 99 } }, '`reply.status` must be an integer >= 200 <= 599, got 99'],
    [
      { upstream, cors: { origins: ['https://a.example', 'null'] } },
      '`cors.origins` must be \'*\', or a list of origins without a path, got "https://a.example,null"',
    ],
    [{ upstream, cors: { origins: '*', methods: ['GET', 'a b'] } }, 'a list of names, got "GET,a b"'],
    [{ upstream, upsteam: 1 }, 'route /: unknown option `upsteam`; did you mean `upstream`?'],
    [{ upstream, TimeoutMS: 1 }, 'unknown option `TimeoutMS`; did you mean `timeoutMs`?'],
    [{ upstream, nonsense: 1 }, 'unknown option `nonsense`; known are path, name, host'],
    [
      { upstream, renameRequestHeaders: { 'x-a': 'X-Auth-Subject' } },
      '`renameRequestHeaders` must be to names that a client may set',
    ],
    [
      { upstream, renameRequestHeaders: { 'x-a': 'client_cert' } },
      '`renameRequestHeaders` must be to names that a client may set',
    ],
  ])('is refused as %j', (route, message) => {
    expect(() => make({ path: '/', ...route })).toThrow(message);
  });

  it('may be sent under a name of the gateway to a client, and may set one by itself', () => {
    expect(() =>
      make({
        ...{ path: '/', upstream, renameAnswerHeaders: { 'x-a': 'x-auth-subject' } },
        requestHeaders: { 'x-auth-subject': 'nobody' },
      }),
    ).not.toThrow();
  });
});

describe('names of routes', () => {
  it('are their own: what is counted and kept goes by them', () => {
    expect(() => make({ path: '/a', name: 'x', upstream }, { path: '/b', name: 'x', upstream })).toThrow(
      'ApiGateway: the routes "/a" and "/b" are both called "x": names must be their own',
    );
    expect(() => make({ path: '/a', name: '/b', upstream }, { path: '/b', upstream })).toThrow(
      'are both called "/b"',
    );
  });

  it('say all that a route asks for, where it has no other one', () => {
    const gateway = make(
      { path: '/', upstream },
      { path: '/', headers: { 'X-V': '2', 'x-w': true }, query: { a: '1', b: true }, upstream },
    );
    const { routes } = gateway.describe() as { routes: { route: string }[] };
    expect(routes.map(({ route }) => route)).toEqual(['/ x-v=2 x-w ?a=1 ?b', '/']);
  });
});

describe('routes that take the same requests', () => {
  it('are told of with their places in the printed order, where one is hidden', () => {
    expect(() =>
      make(
        { path: '/z', upstream },
        { path: '/a/:y', upstream },
        { path: '/a/:x', methods: ['GET'], upstream },
      ),
    ).not.toThrow();
    expect(() =>
      make(
        { path: '/z', upstream },
        { path: '/a/:x', methods: ['GET', 'PUT'], upstream },
        { path: '/a/:y', methods: ['GET'], name: 'second', upstream },
      ),
    ).toThrow(
      'ApiGateway: the route "second" takes nothing that "GET,PUT /a/:x" leaves: it is number 3 in the ' +
        'order of precedence, behind number 2',
    );
  });

  it('are told of where nothing but their place in the list would say which goes first', () => {
    expect(() =>
      make(
        { path: '/a', methods: ['GET', 'PUT'], upstream },
        { path: '/a', methods: ['PUT', 'POST'], upstream },
      ),
    ).toThrow(
      'ApiGateway: the routes "GET,PUT /a" and "PUT,POST /a" both take PUT, and none goes first: ' +
        'leave it to one of them',
    );
    expect(() =>
      make({ path: '/a', methods: ['GET'], upstream }, { path: '/a', methods: ['POST'], upstream }),
    ).not.toThrow();
  });

  it('with other conditions go by those, whatever their place in the list', () => {
    const [one, two] = [
      { path: '/a', headers: { 'x-b': '1' }, upstream },
      { path: '/a', headers: { 'x-a': '1' }, upstream },
    ];
    const order = (...routes: object[]) =>
      (make(...routes).describe() as { routes: { route: string }[] }).routes.map(({ route }) => route);
    expect(order(one, two)).toEqual(['/a x-a=1', '/a x-b=1']);
    expect(order(two, one)).toEqual(['/a x-a=1', '/a x-b=1']);
  });
});

describe('the hash of an API key', () => {
  const identity = { subject: 'shop' };
  const key = 'a long and random key';
  const refused = (hash: unknown) => {
    try {
      apiKeys({
        keys: [
          { hash: 'a'.repeat(64), identity },
          { hash: hash as string, identity },
        ],
      });
    } catch (error) {
      return (error as Error).message;
    }
    return 'taken';
  };

  it.each([
    ['none', undefined, 'got undefined'],
    [
      'the key itself',
      key,
      'got a text of 21 characters; is it the key itself? `hashApiKey` makes the hash of it',
    ],
    ['upper case', 'A'.repeat(64), 'got hex in upper case'],
    ['a shorter digest', 'a'.repeat(40), 'got 40 hex digits, and SHA-256 has 64'],
    ['a longer digest', 'a'.repeat(128), 'got 128 hex digits, and SHA-256 has 64'],
    ['base64', `${'Ab3+'.repeat(10)}Ab3=`, 'got what looks like base64: write it in hex'],
    ['base64url', `${'Ab3_'.repeat(10)}Ab3`, 'got what looks like base64: write it in hex'],
    ['a prefix', `sha256:${'a'.repeat(64)}`, 'got a text of 71 characters'],
    ['one that is there before', 'a'.repeat(64), 'got that of `keys[0]` again'],
  ])('is refused as %s, and never shown', (_, hash, got) => {
    const message = refused(hash);
    expect(message).toMatch(
      /^apiKeys: `keys\[1\]\.hash` must be a SHA-256 in lower-case hex(, of its own)?, got /,
    );
    expect(message).toContain(got);
    if (typeof hash === 'string') expect(message).not.toContain(hash);
  });

  it('may be the only thing that is wrong with a key', async () => {
    expect(refused(await hashApiKey(key))).toBe('taken');
    expect(() => apiKeys({ keys: [null as never] })).toThrow('`keys[0]` must be an object, got null');
    expect(() => apiKeys({ keys: [{ key, identity } as never] })).toThrow('`keys[0]`: unknown option `key`');
    expect(() => apiKeys({ keys: [{ key, identity } as never] })).not.toThrow(key);
  });
});
