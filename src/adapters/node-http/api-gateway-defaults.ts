import { gatewayDefaults } from '../../gateway/gateway-options.js';
import { serverLimits } from './server-limits.js';

export const apiGatewayDefaults = /* @__PURE__ */ Object.freeze({
  ...gatewayDefaults,
  'limits.headersTimeoutMs': serverLimits.headersTimeoutMs,
  'limits.requestTimeoutMs': serverLimits.requestTimeoutMs,
  'limits.keepAliveTimeoutMs': serverLimits.keepAliveTimeoutMs,
  'limits.maxConnections': serverLimits.maxConnections,
  'limits.maxRequestsPerConnection': serverLimits.maxRequestsPerConnection,
});
