import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { apiKeys, hashApiKey } from '../../../src/gateway.js';
import { eventually, RawClient } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';
import { caching } from './caching.js';

const begun = new Begun();
afterEach(() => begun.end());
const MINUTE = { 'cache-control': 'max-age=60' };

/** A gateway before an upstream that answers when it is told to. */
async function setUp(route: object = {}, cache: object = {}) {
  const open: ServerResponse[] = [];
  const one = await caching(begun, response => void open.push(response), cache, route);
  const inFlight = (count: number) =>
    eventually(() => one.gateway.snapshot().inFlight === count, `${count} in flight`);
  return { ...one, open, inFlight };
}

describe('requests alike', () => {
  it('that come together are one for the upstream (GW11)', async () => {
    const { get, open, inFlight, upstream, gateway } = await setUp();
    const all = Array.from({ length: 20 }, () => get());
    await inFlight(20);
    expect(open).toHaveLength(1);
    open[0]!.writeHead(200, MINUTE).end('one for all');
    const found = await Promise.all(all);
    expect(new Set(found.map(({ text }) => text))).toEqual(new Set(['one for all']));
    expect(found.filter(({ how }) => how === 'fwd=miss; collapsed')).toHaveLength(19);
    expect(upstream.requests).toHaveLength(1);
    expect(gateway.snapshot().cache.answered).toMatchObject({ miss: 1, joined: 19 });
  });

  it('go each by itself when the answer is not for all, and do not wait for the next one', async () => {
    const { get, open, inFlight } = await setUp();
    const all = Array.from({ length: 5 }, () => get());
    await inFlight(5);
    open[0]!.writeHead(200, { 'cache-control': 'private' }).end('mine');
    await eventually(() => open.length === 5, 'all of them');
    for (const response of open.slice(1)) response.writeHead(200, { 'cache-control': 'private' }).end('mine');
    await Promise.all(all);
    const more = [get(), get()];
    await eventually(() => open.length === 7, 'both at a time');
    for (const response of open.slice(5)) response.end();
    await Promise.all(more);
  });

  it('go by themselves where they differ in what the answer depends on', async () => {
    const { get, open, inFlight } = await setUp();
    const all = ['a', 'b', 'a'].map(language => get({ 'accept-language': language }));
    await inFlight(3);
    open[0]!.writeHead(200, { ...MINUTE, vary: 'accept-language' }).end('first');
    await eventually(() => open.length === 2, 'the other');
    open[1]!.writeHead(200, { ...MINUTE, vary: 'accept-language' }).end('second');
    const texts = (await Promise.all(all)).map(({ text }) => text).sort();
    expect(['first,first,second', 'first,second,second']).toContain(texts.join());
  });

  it('are not alike when others ask (GW11)', async () => {
    const keys = await Promise.all(
      ['ada', 'bob'].map(async subject => ({ hash: await hashApiKey(subject), identity: { subject } })),
    );
    const { get, open } = await setUp({ auth: apiKeys({ keys }) });
    const all = ['ada', 'bob'].map(key => get({ 'x-api-key': key }));
    await eventually(() => open.length === 2, 'both');
    for (const response of open) response.writeHead(200, { 'cache-control': 'public, max-age=60' }).end();
    await Promise.all(all);
  });

  it('do not hang on the one who came first: another goes when it leaves', async () => {
    const { open, port, inFlight } = await setUp();
    const first = new RawClient(port).send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await eventually(() => open.length === 1, 'the first');
    const all = [1, 2, 3].map(() => rawGet(port));
    await inFlight(4);
    expect(open).toHaveLength(1);
    first.close();
    await eventually(() => open.length === 2, 'the next');
    open[1]!.writeHead(200, MINUTE).end('later');
    expect((await Promise.all(all)).every(text => text.includes('later'))).toBe(true);
    expect(open).toHaveLength(2);
  });

  it('do not wait for one who reads slowly', async () => {
    const body = 'x'.repeat(900_000);
    const { open, port, inFlight } = await setUp();
    const slow = new RawClient(port);
    slow.socket.pause();
    slow.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await eventually(() => open.length === 1, 'the first');
    const other = rawGet(port);
    await inFlight(2);
    open[0]!.writeHead(200, MINUTE).end(body);
    expect((await other).endsWith(body)).toBe(true);
    slow.close();
    expect(open).toHaveLength(1);
  });

  it('are not kept when the upstream has changed meanwhile', async () => {
    const { get, open, url, inFlight, gateway } = await setUp();
    const old = get();
    await inFlight(1);
    expect((await fetch(url, { method: 'POST' })).status).toBe(204);
    open[0]!.writeHead(200, MINUTE).end('old');
    expect((await old).text).toBe('old');
    expect(gateway.snapshot().cache.entries).toBe(0);
  });

  it('share a failure', async () => {
    const { get, open, inFlight } = await setUp();
    const all = [1, 2, 3].map(() => get());
    await inFlight(3);
    open[0]!.destroy();
    await eventually(() => open.length === 2 || open[0]!.destroyed, 'the end');
    for (const response of open.slice(1)) response.destroy();
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual([502, 502, 502]);
    expect(open).toHaveLength(1);
  });

  it('are asked each by itself where the route says so', async () => {
    const { get, open } = await setUp({}, { coalesce: false });
    const all = [get(), get()];
    await eventually(() => open.length === 2, 'both');
    for (const response of open) response.writeHead(200, MINUTE).end();
    await Promise.all(all);
  });
});

async function rawGet(port: number): Promise<string> {
  const client = new RawClient(port).send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
  const text = await client.end();
  client.close();
  return text;
}
