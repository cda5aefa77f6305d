import { afterEach, describe, expect, it } from 'vitest';
import { ApiGateway, type ApiGatewayOptions, type GatewayEvents } from '../../../src/gateway.js';
import { eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${parentId}-01`;

async function setUp(options: Partial<ApiGatewayOptions>) {
  const upstream = await begun.hello();
  const { gateway, url } = await begun.serve({
    routes: [{ path: '/*', upstream: upstream.url }],
    ...options,
  });
  const log: GatewayEvents['completed'][] = [];
  gateway.on('completed', event => log.push(event));
  const ask = async (headers: Record<string, string> = {}) => {
    await (await fetch(url, { headers })).text();
    const { traceparent: parent, tracestate: state } = upstream.requests.at(-1)!.headers;
    return { parent, state };
  };
  return { ask, log };
}

describe('a trace', () => {
  it('goes on with an id of the gateway, and what others have written down', async () => {
    const { ask, log } = await setUp({ trace: true });
    const { parent, state } = await ask({ traceparent, tracestate: 'a=1,b=2' });
    const [version, trace, span, flags] = String(parent).split('-');
    expect([version, trace, flags, state]).toEqual(['00', traceId, '01', 'a=1,b=2']);
    expect(span).toMatch(/^[\da-f]{16}$/);
    expect(span).not.toBe(parentId);
    await eventually(() => log.length === 1, 'the line');
    expect(log[0]!.trace).toEqual({ traceId, spanId: span, parentId, sampled: true });
  });

  it.each([
    [undefined],
    ['00-00000000000000000000000000000000-b7ad6b7169203331-01'],
    [`ff-${traceId}-${parentId}-01`],
    [`00-${traceId}-${parentId}`],
    [`${traceparent}, ${traceparent}`],
  ])('begins here where the client says %j', async said => {
    const { ask, log } = await setUp({ trace: { sampled: true } });
    const ids = new Set<string>();
    for (let at = 0; at < 3; at++) {
      const { parent, state } = await ask(said === undefined ? {} : { traceparent: said, tracestate: 'a=1' });
      expect(parent).toMatch(/^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-03$/);
      expect(parent).not.toContain(traceId);
      expect(state).toBeUndefined();
      ids.add(String(parent).slice(3, 35));
    }
    expect(ids.size).toBe(3);
    await eventually(() => log.length === 3, 'the lines');
    expect(log[0]!.trace).toMatchObject({ parentId: undefined, sampled: true });
  });

  it('of a stranger begins anew where only peers are believed', async () => {
    const { ask } = await setUp({ trace: { from: 'peers' } });
    expect((await ask({ traceparent })).parent).not.toContain(traceId);
    const peers = await setUp({ trace: { from: 'peers' }, trustedPeers: ['127.0.0.1'] });
    expect((await peers.ask({ traceparent })).parent).toContain(traceId);
  });

  it('is handed on untouched without the option', async () => {
    const { ask, log } = await setUp({});
    expect(await ask({ traceparent, tracestate: 'A,' })).toEqual({ parent: traceparent, state: 'A,' });
    expect((await ask()).parent).toBeUndefined();
    await eventually(() => log.length === 2, 'the lines');
    expect(log[0]!.trace).toBeUndefined();
  });

  it.each([
    [7, '`trace` must be'],
    [{ sampled: 1 }, '`trace.sampled` must be'],
    [{ from: 'me' }, '`trace.from` must be'],
  ])('refuses %j', (trace, message) => {
    expect(() => new ApiGateway({ routes: [], trace: trace as never })).toThrow(message);
  });
});
