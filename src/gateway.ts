export { ApiGateway } from './adapters/node-http/api-gateway.js';
export type {
  ApiGatewayOptions,
  CloseOptions,
  GatewayListenOptions,
} from './adapters/node-http/api-gateway-options.js';
export type { GatewaySnapshot } from './adapters/node-http/gateway-snapshot.js';
export { HttpEngine, type HttpEngineOptions } from './adapters/node-http/http-engine.js';
export type { ServerLimits } from './adapters/node-http/server-limits.js';
export type {
  UpstreamEngine,
  UpstreamHead,
  UpstreamListener,
  UpstreamSend,
  UpstreamStream,
} from './adapters/node-http/upstream-engine.js';
export type { UpstreamTls } from './adapters/node-http/upstream-tls.js';
export type { PathOddity } from './core/route-path.js';
export { type ApiKey, type ApiKeysOptions, apiKeys, hashApiKey } from './gateway/api-keys.js';
export type { Authentication, Authenticator } from './gateway/authenticator.js';
export type { CorsOptions } from './gateway/cors.js';
export type { GatewayEvents, RequestOutcome } from './gateway/gateway-events.js';
export type {
  CertificateFields,
  GatewayOptions,
  HealthPaths,
  IdentityFields,
} from './gateway/gateway-options.js';
export type { ClientCertificate, GatewayRequest, Identity } from './gateway/gateway-request.js';
export type { GatewayRoute, IpRules, Redirect } from './gateway/gateway-route.js';
export { type Jose, type JwtOptions, jwt } from './gateway/jwt.js';
export type { LimitBy, RouteLimit } from './gateway/route-limits.js';
export {
  type SignedParts,
  type SignedRequestsOptions,
  type SigningKey,
  signedRequests,
  signRequest,
} from './gateway/signed-requests.js';
export type {
  AnswerOfParts,
  GatewayReply,
  RequestBody,
  Upstream,
  UpstreamAggregate,
  UpstreamFunction,
  UpstreamOrigin,
  UpstreamProxy,
  UpstreamService,
} from './gateway/upstream.js';
export {
  BodyTooLargeError,
  UpstreamError,
  type UpstreamFailure,
  UpstreamStatusError,
} from './gateway/upstream-error.js';
