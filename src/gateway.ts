export {
  ApiGateway,
  type ApiGatewayOptions,
  type CloseOptions,
  type GatewaySnapshot,
  type ListenOptions,
} from './adapters/node-http/api-gateway.js';
export type { GatewayEvents, RequestOutcome } from './gateway/gateway-events.js';
