import { afterEach, describe, expect, it } from 'vitest';
import { ask } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';
import { caching, counted } from './caching.js';

const begun = new Begun();
afterEach(() => begun.end());
const MINUTE = { 'cache-control': 'max-age=60' };

describe('answers that are kept', () => {
  it('are those of their route, also where two differ in their conditions alone', async () => {
    const upstream = await begun.server((request, response) =>
      response.writeHead(200, MINUTE).end(`version ${request.headers['x-v'] ?? 1}`),
    );
    const route = { path: '/*', upstream: upstream.url, cache: {} };
    const { url } = await begun.serve({ routes: [route, { ...route, headers: { 'x-v': '2' } }] });
    expect(await (await fetch(url)).text()).toBe('version 1');
    expect(await (await fetch(url, { headers: { 'x-v': '2' } })).text()).toBe('version 2');
  });

  it.each(['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via', 'Client-Cert', 'x_forwarded_for'])(
    'are none that depend on what the gateway itself says in %s',
    async vary => {
      const { get, gateway } = await caching(begun, counted({ ...MINUTE, vary }));
      expect([(await get()).text, (await get()).text]).toEqual(['answer 1', 'answer 2']);
      expect(gateway.snapshot().cache).toMatchObject({ entries: 0 });
    },
  );

  it.each(['Host', 'X-Forwarded-Host', 'X-Forwarded-Proto'])(
    'may depend on %s, by which they are told apart anyway',
    async vary => {
      const { get } = await caching(begun, counted({ ...MINUTE, vary }));
      expect([(await get()).text, (await get()).text]).toEqual(['answer 1', 'answer 1']);
    },
  );

  it('are none that depend on a field which the route calls otherwise', async () => {
    const renameRequestHeaders = { 'x-language': 'Accept-Language' };
    const answer = counted({ ...MINUTE, vary: 'accept-language' });
    const { get } = await caching(begun, answer, {}, { renameRequestHeaders });
    const texts = [];
    for (const language of ['de', 'fr']) texts.push((await get({ 'x-language': language })).text);
    expect(texts).toEqual(['answer 1', 'answer 2']);
  });

  it('are not made of requests from which Connection takes fields away', async () => {
    const { get, port } = await caching(begun, counted({ ...MINUTE, vary: 'Accept-Language' }));
    const fields = 'Connection: accept-language\r\nAccept-Language: de\r\n';
    const { text } = await ask(port, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields}\r\n`);
    expect(text).toContain('Cache-Status: gateway; fwd=bypass');
    expect(await get({ 'accept-language': 'de' })).toMatchObject({ text: 'answer 2', how: 'fwd=miss' });
  });

  it('are not made of requests that name another method in a field', async () => {
    const { get } = await caching(begun, counted(MINUTE));
    await get();
    expect(await get({ 'x-http-method-override': 'POST' })).toMatchObject({ text: 'answer 2', how: '' });
    // It may have changed what was kept.
    expect(await get()).toMatchObject({ text: 'answer 3', how: 'fwd=miss' });
    expect(await get({ 'x-http-method-override': 'GET' })).toMatchObject({
      text: 'answer 4',
      how: 'fwd=bypass',
    });
  });

  it('are told apart by the host that a trusted peer was asked for', async () => {
    const trustedPeers = ['127.0.0.1'];
    const { get } = await caching(begun, counted(MINUTE), {}, {}, { trustedPeers });
    const hosts = ['evil.example', 'shop.example', 'evil.example'];
    const texts = [];
    for (const host of hosts) texts.push((await get({ 'x-forwarded-host': host })).text);
    expect(texts).toEqual(['answer 1', 'answer 2', 'answer 1']);
  });
});
