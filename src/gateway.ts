export {
  type FastifyPart,
  type FastifyReplyPart,
  type FastifyRequestPart,
  fastifyGateway,
} from './adapters/frameworks/fastify-gateway.js';
export { type GatewayMiddleware, gatewayMiddleware } from './adapters/frameworks/gateway-middleware.js';
export {
  type HonoContextPart,
  type HonoGatewayOptions,
  honoGateway,
} from './adapters/frameworks/hono-gateway.js';
export { ApiGateway } from './adapters/node-http/api-gateway.js';
export type {
  ApiGatewayOptions,
  CloseOptions,
  GatewayListenOptions,
} from './adapters/node-http/api-gateway-options.js';
export type { CacheSnapshot } from './adapters/node-http/cache-ask.js';
export type { GatewayFetchOptions } from './adapters/node-http/gateway-fetch.js';
export {
  GatewayFile,
  type GatewayFileEvents,
  type GatewayFileOptions,
} from './adapters/node-http/gateway-file.js';
export {
  type ApiGatewayConfig,
  type ApiGatewayExtras,
  gatewayFrom,
  type ListenConfig,
} from './adapters/node-http/gateway-from.js';
export type { GatewaySnapshot } from './adapters/node-http/gateway-snapshot.js';
export { HttpEngine, type HttpEngineOptions } from './adapters/node-http/http-engine.js';
export type { MirrorSnapshot } from './adapters/node-http/mirrors.js';
export type { ServerLimits } from './adapters/node-http/server-limits.js';
export type { TlsFilesConfig } from './adapters/node-http/tls-files.js';
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
export type { RouteBody } from './gateway/body-rules.js';
export type { CorsOptions } from './gateway/cors.js';
export type {
  AggregateConfig,
  AggregatePartConfig,
  AggregateUpstreamConfig,
  ApiKeyConfig,
  ApiKeysConfig,
  AuthenticatorConfig,
  FunctionUpstreamConfig,
  GatewayConfig,
  HealthConfig,
  IdentityConfig,
  InstanceConfig,
  JwtConfig,
  MirrorConfig,
  OutliersConfig,
  PolicyConfig,
  RouteConfig,
  RouteLimitConfig,
  ServiceConfig,
  ServiceUpstreamConfig,
  SideConfig,
  SignedRequestsConfig,
  SigningKeyConfig,
  SplitUpstreamConfig,
  UpstreamConfig,
  WholeUpstreamConfig,
} from './gateway/gateway-config.js';
export type { CacheVerdict, GatewayEvents, RequestOutcome, RequestTrace } from './gateway/gateway-events.js';
export type { GatewayExtras } from './gateway/gateway-extras.js';
export type {
  CertificateFields,
  GatewayOptions,
  HealthPaths,
  IdentityFields,
} from './gateway/gateway-options.js';
export type { ClientCertificate, GatewayRequest, Identity } from './gateway/gateway-request.js';
export type { GatewayRoute, IpRules, Redirect } from './gateway/gateway-route.js';
export { type Jose, type JwtOptions, jwt } from './gateway/jwt.js';
export {
  type MaintenanceOptions,
  type MaintenanceSwitch,
  maintenanceSwitch,
} from './gateway/maintenance.js';
export type { RouteMirror } from './gateway/mirror.js';
export type { RouteCache } from './gateway/route-cache.js';
export type { LimitBy, RouteLimit } from './gateway/route-limits.js';
export {
  type SignedParts,
  type SignedRequestsOptions,
  type SigningKey,
  signedRequests,
  signRequest,
} from './gateway/signed-requests.js';
export type { SplitBy, Upstream, UpstreamSide, UpstreamSplit } from './gateway/split.js';
export type { TraceRules } from './gateway/trace.js';
export type {
  AnswerOfParts,
  GatewayReply,
  RequestBody,
  UpstreamAggregate,
  UpstreamFunction,
  UpstreamOrigin,
  UpstreamProxy,
  UpstreamService,
  WholeUpstream,
} from './gateway/upstream.js';
export {
  BodyTooLargeError,
  UpstreamError,
  type UpstreamFailure,
  UpstreamStatusError,
} from './gateway/upstream-error.js';
export type { Yaml, YamlDocument } from './gateway/yaml-text.js';
export { ConfigError, type ConfigProblem } from './resilience/config-error.js';
