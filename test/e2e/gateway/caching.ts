import type { ServerResponse } from 'node:http';
import type { ApiGatewayOptions, GatewayRoute, RouteCache } from '../../../src/gateway.js';
import { systemClock } from '../../../src/kernel/clock.js';
import type { Begun } from './begun.js';

/** What an upstream is to answer to its nth request. */
export type Answer = (response: ServerResponse, count: number) => void;

/** Answers with the number of the request, and these fields. */
export const counted =
  (fields: Record<string, string>): Answer =>
  (response, count) =>
    response.writeHead(200, fields).end(`answer ${count}`);

/** A gateway that keeps answers of one upstream, by a clock that can be put forward. */
export async function caching(
  begun: Begun,
  answer: Answer,
  cache: RouteCache = {},
  route: Partial<GatewayRoute> = {},
  options: Partial<ApiGatewayOptions> = {},
) {
  const world = { answer, shiftMs: 0 };
  const clock = {
    ...systemClock,
    schedule: systemClock.schedule.bind(systemClock),
    afterTurn: systemClock.afterTurn.bind(systemClock),
    now: () => systemClock.now() + world.shiftMs,
    wall: () => systemClock.wall() + world.shiftMs,
  };
  const upstream = await begun.server((request, response, count) => {
    // Its clock is ours.
    response.setHeader('date', new Date(clock.wall()).toUTCString());
    if (request.method === 'GET' || request.method === 'HEAD') world.answer(response, count);
    else response.writeHead(request.url === '/bad' ? 400 : 204).end();
  });
  const { gateway, url, port } = await begun.serve({
    clock,
    ...{ routes: [{ path: '/*', name: 'r', upstream: upstream.url, cache, ...route }], ...options },
  });
  const get = async (headers: Record<string, string> = {}, path = '/', init: RequestInit = {}) => {
    const found = await fetch(url + path, { headers, ...init });
    const how = found.headers.get('cache-status')?.replace(/^gateway; /, '') ?? '';
    return { status: found.status, how, text: await found.text(), headers: found.headers };
  };
  return { upstream, gateway, url, port, get, world };
}
