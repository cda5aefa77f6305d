import type { ApiGatewayConfig, ApiGatewayExtras } from '../../../src/gateway.js';
import { ConfigError, gatewayFrom } from '../../../src/gateway.js';

/** What is told of a config that cannot be; nothing of one that can. */
export const problemsOf = (config: unknown, extras: ApiGatewayExtras = {}): string[] => {
  try {
    gatewayFrom(config as ApiGatewayConfig, extras);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ message }) => message);
  }
  return [];
};

/** Routes with which nothing is wrong. */
export const routes = [{ path: '/', reply: { body: 'a' } }];

/** A config of one route. */
export const route = (fields: object) => ({ routes: [{ path: '/a/*rest', ...fields }] });
