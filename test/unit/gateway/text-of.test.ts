import { expect, it } from 'vitest';
import { ApiGateway, type GatewayRoute } from '../../../src/gateway.js';

it.each([
  [{ path: { toString: [] } }, 'route an object: `path` must be '],
  [{ path: [{ toString: 0 }] }, 'route an object: `path` must be '],
  [{ path: '/a', upstream: 'http://a', allow: [{ toString: 0 }] }, 'route /a: `allow` must be '],
  [
    { path: '/a', upstream: 'http://a', mirror: { upstream: 'http://b', methods: [{ toString: 0 }] } },
    'route /a: mirror: `methods` must be ',
  ],
])('what JavaScript makes no text of is refused in words: %#', (route, message) => {
  expect(() => new ApiGateway({ routes: [route as unknown as GatewayRoute] })).toThrow(message);
});
