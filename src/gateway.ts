export {
  ApiGateway,
  type ApiGatewayOptions,
  type CloseOptions,
  type GatewaySnapshot,
  type ListenOptions,
} from './adapters/node-http/api-gateway.js';
