import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InMemoryBus } from '../../../../src/messaging/in-memory-bus.js';
import { Dashboard } from '../../../../src/observe/dashboard/dashboard.js';
import type { DashboardEvents } from '../../../../src/observe/dashboard/dashboard-events.js';
import type { DashboardAction } from '../../../../src/observe/dashboard/dashboard-options.js';
import type { StateMessage } from '../../../../src/observe/dashboard/protocol.js';
import { Observatory } from '../../../../src/observe/observatory.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';

const host = 'http://shop.example';

describe('acting from a dashboard', () => {
  let breaker: CircuitBreaker;
  let board: Dashboard;
  let acted: DashboardEvents['acted'][];
  let says: (action: DashboardAction) => unknown;
  let headers: Record<string, string>;
  let body: Record<string, unknown>;

  beforeEach(async () => {
    breaker = new CircuitBreaker({ name: 'payments' });
    const observatory = new Observatory({ service: 'shop' });
    observatory.watch(breaker);
    says = () => 'ann';
    board = new Dashboard({ observatory, authorise: (_, action) => says(action) as string });
    acted = [];
    board.on('acted', event => acted.push(event));
    const session = await board.fetch(new Request(`${host}/api/session`));
    const { token } = (await session.json()) as { token: string };
    const cookie = session.headers.get('set-cookie')!;
    expect(cookie).toMatch(/^keelson-dashboard=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Strict$/);
    headers = {
      'content-type': 'application/json',
      'x-csrf-token': token,
      cookie: cookie.split(';')[0]!,
      origin: host,
    };
    const state = (await (await board.fetch(new Request(`${host}/api/state`))).json()) as StateMessage;
    body = { epoch: state.epoch, action: 'breaker.isolate', key: 't1' };
  });
  afterEach(() => board.close());

  const act = (changes: Record<string, string | undefined> = {}, what: unknown = body) => {
    const all = Object.entries({ ...headers, ...changes }).filter(([, value]) => value !== undefined);
    const init = { method: 'POST', headers: all as [string, string][] };
    const text = typeof what === 'string' ? what : JSON.stringify(what);
    return board.fetch(new Request(`${host}/api/act`, { ...init, body: text }));
  };

  it('does what is asked for, and tells who did', async () => {
    const answer = await act();
    expect(await answer.json()).toEqual({ done: true, who: 'ann' });
    expect(breaker.state).toBe('isolated');
    const action = { action: 'breaker.isolate', target: 'circuit-breaker/payments' };
    expect(acted).toMatchObject([{ dashboard: 'shop', who: 'ann', action, outcome: 'done' }]);
    await act({}, { ...body, action: 'breaker.reset' });
    expect(breaker.state).toBe('closed');
    const state = (await (await board.fetch(new Request(`${host}/api/state`))).json()) as StateMessage;
    expect(state.events.at(-1)).toMatchObject({ kind: 'dashboard', event: 'acted', count: 2 });
  });

  it.each([
    ['a page of somebody else', { origin: 'https://evil.example' }, 403],
    ['a page of another port', { origin: `${host}:81` }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['nobody knows whom', { origin: undefined }, 403],
    ['a page of another site of ours', { 'sec-fetch-site': 'same-site' }, 403],
    ['a form', { 'content-type': 'text/plain' }, 415],
    ['who has no token', { 'x-csrf-token': undefined }, 403],
    ['who has another token', { 'x-csrf-token': 'f'.repeat(64) }, 403],
    ['who has no cookie', { cookie: undefined }, 403],
    ['who has another cookie', { cookie: `keelson-dashboard=${'0'.repeat(32)}` }, 403],
  ])('is refused to %s', async (_, changes, status) => {
    const answer = await act(changes);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(breaker.state).toBe('closed');
    expect(acted).toEqual([]);
  });

  it('is refused where authorise says no, and where it fails; that is told', async () => {
    for (const [answer, status] of [
      [() => false, 403],
      [() => '', 403],
      [() => ({ subject: '' }), 403],
      [() => true, 403],
      [() => undefined, 403],
      [() => Promise.reject(new Error('no directory')), 503],
    ] as const) {
      says = answer;
      expect((await act()).status).toBe(status);
    }
    expect(breaker.state).toBe('closed');
    expect(acted.map(({ who, outcome }) => `${who} ${outcome}`)).toEqual(Array(6).fill('null refused'));
  });

  it('is asked with what is to be done', async () => {
    const seen: DashboardAction[] = [];
    says = action => {
      seen.push(action);
      return { subject: 'bob' };
    };
    await act();
    expect(seen).toEqual([{ action: 'breaker.isolate', target: 'circuit-breaker/payments' }]);
    expect(acted[0]?.who).toBe('bob');
  });

  it.each([
    ['{', 400],
    ['[]', 400],
    ['null', 400],
    [{ action: 'breaker.melt' }, 404],
    [{ action: 'constructor' }, 404],
    [{ epoch: 'another' }, 409],
    [{ key: 7 }, 400],
    [{ key: 't9' }, 400],
    [{ action: 'saga.retry' }, 400],
    [{ action: 'deadLetter.discard', position: '1' }, 400],
    ['x'.repeat(20_000), 413],
  ])('refuses %j', async (changes, status) => {
    const what = typeof changes === 'string' ? changes : { ...body, ...changes };
    expect((await act({}, what)).status).toBe(status);
    expect(breaker.state).toBe('closed');
  });

  it('is offered only as far as it is wanted', async () => {
    const observatory = new Observatory({ service: 'shop' });
    const readOnly = new Dashboard({ observatory });
    const answer = await readOnly.fetch(
      new Request(`${host}/api/act`, { method: 'POST', headers, body: '{}' }),
    );
    expect(await answer.json()).toMatchObject({ status: 403, code: 'read-only' });
    readOnly.close();
  });

  it('is possible for pages behind a proxy that shows another host, once that is trusted', async () => {
    const observatory = new Observatory({ service: 'shop' });
    const secret = 'a secret of all processes';
    const boards = [1, 2].map(
      () => new Dashboard({ observatory, authorise: () => 'ann', trustedHosts: ['ops.example'], secret }),
    );
    const session = await boards[0]!.fetch(new Request(`${host}/api/session`));
    const { token } = (await session.json()) as { token: string };
    const cookie = session.headers.get('set-cookie')!.split(';')[0]!;
    const proof = { ...headers, cookie, 'x-csrf-token': token, origin: 'https://ops.example' };
    // The other process knows the token as well; what it says no to is the epoch, which is not its own.
    const answer = await boards[1]!.fetch(
      new Request(`${host}/api/act`, { method: 'POST', headers: proof, body: JSON.stringify(body) }),
    );
    expect(await answer.json()).toMatchObject({ status: 409, code: 'stale' });
    for (const one of boards) one.close();
  });
});

describe('dead letters on a dashboard', () => {
  it('are listed without their data unless that is wanted', async () => {
    const observatory = new Observatory({ service: 'shop' });
    await using bus = new InMemoryBus();
    const letter = {
      position: '1',
      message: { id: 'm1', topic: 'orders' },
      data: { card: '4111' },
      reason: 'exhausted',
      error: { name: 'Error', code: undefined, message: 'no' },
      attempts: 2,
      diedAt: 5,
    };
    const letters = Object.assign(bus.deadLetters({ name: 'x' } as never, 'g'), {
      list: async () => [letter],
    });
    const read = async (showData: boolean) => {
      const board = new Dashboard({ observatory, deadLetters: { orders: letters as never }, showData });
      const answer = await board.fetch(new Request(`${host}/api/dead-letters?key=d1`));
      board.close();
      return answer.json();
    };
    expect(await read(false)).toMatchObject({ letters: [{ id: 'm1', data: null, attempts: 2 }] });
    expect(await read(true)).toMatchObject({ letters: [{ id: 'm1', data: { card: '4111' } }] });
  });

  it('that cannot be read are told of without what went wrong', async () => {
    const observatory = new Observatory({ service: 'shop' });
    const letters = { list: () => Promise.reject(new Error('amqp://user:password@broker')) };
    const board = new Dashboard({ observatory, deadLetters: { orders: letters as never } });
    const answer = await board.fetch(new Request(`${host}/api/dead-letters?key=d1`));
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('password');
    board.close();
  });
});
