import type { ConfigExtras } from '../resilience/config-extras.js';
import { extraNames } from '../resilience/pipeline-config.js';
import type { RateLimitStore } from '../resilience/rate-limit-store.js';
import type { Authenticator } from './authenticator.js';
import type { GatewayRequest } from './gateway-request.js';
import type { Jose } from './jwt.js';
import type { UpstreamFunction, UpstreamProxy } from './upstream.js';
import type { Yaml } from './yaml-text.js';

/** What a config of a gateway names and cannot hold; what its policies name stands here as well. */
export interface GatewayExtras extends ConfigExtras {
  /** What `auth` may name, besides the `authenticators` of the config, and before these. */
  readonly authenticators?: Readonly<Record<string, Authenticator>>;
  /** What `service` may name, besides the `services` of the config, and before these. */
  readonly services?: Readonly<Record<string, UpstreamProxy>>;
  /** What `function` of an upstream may name. */
  readonly functions?: Readonly<Record<string, UpstreamFunction>>;
  /** What `authorize` of a route may name. */
  readonly authorize?: Readonly<Record<string, (request: GatewayRequest) => boolean | PromiseLike<boolean>>>;
  /** What `by` of a limit may name. */
  readonly limitBy?: Readonly<Record<string, (request: GatewayRequest) => string | undefined>>;
  /** What `store` of a limit may name. */
  readonly stores?: Readonly<Record<string, RateLimitStore>>;
  /** Whether requests can come, for `health.ready`. */
  readonly check?: () => boolean | PromiseLike<boolean>;
  /** `import * as jose from 'jose'`, for authenticators of the kind `jwt`. */
  readonly jose?: Jose;
  /** `import * as yaml from 'yaml'`: texts are read as YAML, of which JSON is a part. @default JSON alone */
  readonly yaml?: Yaml;
  /** What `${NAME}` in a text stands for, such as `process.env`. @default nothing */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The fields of `GatewayExtras`. */
export const gatewayExtraNames = (): readonly string[] => [
  ...extraNames,
  ...['authenticators', 'services', 'functions', 'authorize', 'limitBy', 'stores', 'check', 'jose', 'yaml'],
  'env',
];
