import { describe, expect, it } from 'vitest';
import { Dashboard, dashboard } from '../../../../src/observe/dashboard/dashboard.js';
import type { DashboardOptions } from '../../../../src/observe/dashboard/dashboard-options.js';
import { pageHtml } from '../../../../src/observe/dashboard/page-html.js';
import { Observatory } from '../../../../src/observe/observatory.js';

const observatory = new Observatory({ service: 'shop' });
const make = (options: object = {}) => new Dashboard({ observatory, ...options } as DashboardOptions);
const asked = (board: Dashboard, path: string, init: RequestInit = {}) =>
  board.fetch(new Request(`http://shop.example${path}`, init));

describe('the options of a dashboard', () => {
  it.each([
    [{ observatory: {} }, '`observatory` must be an Observatory, got an object'],
    [{ intervalMs: 10 }, '`intervalMs` must be a number >= 50 <= 60000, got 10'],
    [{ maxViewers: 0 }, '`maxViewers` must be an integer >= 1 <= 10000, got 0'],
    [{ maxBufferBytes: 1 }, '`maxBufferBytes` must be an integer >= 1024, got 1'],
    [{ stallMs: 0 }, '`stallMs` must be a number > 0, got 0'],
    [{ maxEvents: 0.5 }, '`maxEvents` must be an integer >= 1 <= 100000, got 0.5'],
    [{ maxServices: -1 }, '`maxServices` must be an integer >= 0 <= 1000, got -1'],
    [{ authorise: 'ann' }, '`authorise` must be a function, got "ann"'],
    [{ mayView: true }, '`mayView` must be a function, got true'],
    [{ basePath: '/ops/' }, '`basePath` must be a path such as /ops/dashboard'],
    [{ basePath: '/a/<b>' }, '`basePath` must be a path such as /ops/dashboard'],
    [{ title: 7 }, '`title` must be a string, got 7'],
    [{ secret: 'short' }, '`secret` must be a string of at least 16 characters, got "…"'],
    [{ trustedHosts: 'a' }, '`trustedHosts` must be a list of hosts, got "a"'],
    [{ actions: ['breaker.melt'], authorise: () => 'ann' }, "`actions` must be 'breaker.isolate' or"],
    [{ actions: ['breaker.reset'] }, '`actions` need `authorise`, which says who may'],
    [{ deadLetters: { a: {} } }, '`deadLetters` must be an object of at most 100'],
    [{ gauges: { a: 1 } }, '`gauges` must be an object of at most 100'],
    [{ showData: 1 }, '`showData` must be true or false, got 1'],
    [{ viewers: 1 }, 'unknown option `viewers`'],
  ])('%o: %s', (options, message) => expect(() => make(options)).toThrow(message));

  it('have defaults', () => {
    expect(Dashboard.defaults).toMatchObject({ intervalMs: 1_000, maxViewers: 100, showData: false });
    expect(Object.isFrozen(Dashboard.defaults)).toBe(true);
    expect(dashboard({ observatory }).describe()).toMatchObject({
      kind: 'dashboard',
      name: 'shop',
      actions: [],
      title: 'shop',
    });
  });
});

describe('the page', () => {
  it('is one text, with a policy that allows its own script and style by their hashes', async () => {
    const answer = await asked(make(), '/');
    expect(answer.status).toBe(200);
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; /);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    const html = await answer.text();
    expect(html).toBe(pageHtml);
    expect(html).not.toMatch(/(src|href)="(?!data:,)/);
    // A chart library is in it, and so are the terms under which it may be.
    expect(html).toContain('The MIT License (MIT)');
    expect(html).toContain('Leon Sorokin');
    expect(html.length).toBeLessThan(150_000);
    for (const [name, value] of [
      ['x-content-type-options', 'nosniff'],
      ['x-frame-options', 'DENY'],
      ['referrer-policy', 'no-referrer'],
      ['cross-origin-resource-policy', 'same-origin'],
    ] as const) {
      expect(answer.headers.get(name)).toBe(value);
    }
  });

  it('is not sent again to one who has it', async () => {
    const etag = (await asked(make(), '/')).headers.get('etag')!;
    const again = await asked(make(), '/', { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
  });

  it('is one to look at where nobody may act', async () => {
    const session = await (await asked(make(), '/api/session')).json();
    expect(session).toMatchObject({ actions: [] });
  });

  it('stands below its base path, and nowhere else', async () => {
    const board = make({ basePath: '/ops/board' });
    for (const path of ['/ops/board', '/ops/board/']) expect((await asked(board, path)).status).toBe(200);
    for (const path of ['/', '/ops', '/ops/boards', '/ops/board/api']) {
      expect((await asked(board, path)).status, path).toBe(404);
    }
  });

  it.each([
    ['/api/act', 'GET', 405],
    ['/api/state', 'POST', 405],
    ['/api/sagas?key=t9', 'GET', 404],
    ['/api/dead-letters?key=d9', 'GET', 404],
    ['/constructor', 'GET', 404],
    ['/', 'HEAD', 200],
  ])('%s %s is answered with %i', async (path, method, status) => {
    expect((await asked(make(), path, { method })).status).toBe(status);
  });

  it('is for those who may look', async () => {
    const board = make({
      mayView: ({ header }: { header(name: string): string | undefined }) => header('x-team') === 'ops',
    });
    for (const path of ['/', '/api/state', '/api/stream', '/api/session']) {
      expect((await asked(board, path)).status, path).toBe(403);
    }
    expect((await asked(board, '/', { headers: { 'x-team': 'ops' } })).status).toBe(200);
    const failing = make({ mayView: () => Promise.reject(new Error('no directory')) });
    const answer = await asked(failing, '/');
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toContain('no directory');
  });
});

describe('gauges of the user', () => {
  it('are asked while somebody looks, each only when it has answered', async () => {
    let asked = 0;
    const board = make({
      gauges: {
        lag: () => 7,
        later: () => Promise.resolve(8),
        hangs: () => {
          asked++;
          return new Promise(() => {});
        },
        fails: () => {
          throw new Error('no broker');
        },
        odd: () => 'many',
      },
    });
    const state = async () => (await board.fetch(new Request('http://shop.example/api/state'))).json();
    await state();
    await state();
    const gauges = { lag: 7, later: 8, hangs: null, fails: null, odd: null };
    expect(await state()).toMatchObject({ gauges });
    expect(asked).toBe(1);
    board.close();
  });
});
