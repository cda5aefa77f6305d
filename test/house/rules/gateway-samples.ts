import * as jose from 'jose';
import { ServerReader } from '../../../src/adapters/node-http/gateway-from.js';
import { type ApiGatewayExtras, ConfigError } from '../../../src/gateway.js';

type Fields = Readonly<Record<string, unknown>>;

const named = (value: unknown): Fields => ({ named: value });
/** What names in samples stand for. */
const extras = {
  jose,
  env: { SECRET: 's'.repeat(32) },
  functions: named(() => ({})),
  authorize: named(() => true),
  limitBy: named(() => 'a'),
  stores: named({ take: () => ({}) }),
} as ApiGatewayExtras;

const authenticator = { kind: 'api-keys', keys: [] };
const names: Fields = {
  services: { named: { instances: ['http://a'] } },
  authenticators: { named: authenticator },
  pipelines: { named: [] },
};
const gateway = (fields: Fields): Fields => ({
  routes: [{ path: '/', reply: {} }],
  // To make what nobody names takes most of the time.
  ...(JSON.stringify(fields).includes('"named"') ? names : {}),
  ...fields,
});
const route = (fields: Fields): Fields => {
  const end = 'redirect' in fields || 'upstream' in fields ? {} : { reply: {} };
  const auth = 'authorize' in fields || 'scopes' in fields ? { auth: 'named' } : {};
  return gateway({ routes: [{ path: '/', ...end, ...auth, ...fields }] });
};
const service = (fields: Fields): Fields => gateway({ services: { a: { instances: [], ...fields } } });
const knows = (fields: Fields): Fields => gateway({ authenticators: { a: fields } });
const identity = { subject: 'a' };
const jwt = { kind: 'jwt', issuer: 'a', audience: 'b', algorithms: ['RS256'], jwksUrl: 'https://a' };
const aggregate = (fields: Fields): Fields => route({ upstream: { aggregate: { parts: {}, ...fields } } });
const part = (fields: Fields): Fields =>
  aggregate({ parts: { a: { upstream: 'http://a', path: '/', optional: true, ...fields } } });

const side = (fields: Fields): Fields => ({ name: 'a', weight: 1, upstream: 'http://a', ...fields });

/** A config that holds such a part, for each kind of part, with what it must have; the fields win. */
export const samples: Readonly<Record<string, (fields: Fields) => Fields>> = {
  ApiGatewayConfig: gateway,
  RouteConfig: route,
  RouteLimitConfig: fields => route({ limits: [{ name: 'a', limit: 5, perMs: 5, ...fields }] }),
  ServerLimits: fields => gateway({ limits: fields }),
  ListenConfig: fields => gateway({ listen: { port: 0, ...fields } }),
  TlsFilesConfig: fields => gateway({ listen: { port: 0, tls: { certFile: 'a', keyFile: 'b', ...fields } } }),
  HealthConfig: fields => gateway({ health: fields }),
  IdentityFields: fields => gateway({ identityFields: fields }),
  CorsOptions: fields => route({ cors: { origins: ['https://a'], ...fields } }),
  IpRules: fields => route({ ip: fields }),
  GatewayReply: fields => route({ reply: fields }),
  Redirect: fields => route({ redirect: { to: '/', ...fields } }),
  ServiceUpstreamConfig: fields => route({ upstream: { service: 'named', ...fields } }),
  FunctionUpstreamConfig: fields => route({ upstream: { function: 'named', ...fields } }),
  AggregateUpstreamConfig: fields =>
    route({ upstream: { aggregate: { parts: { a: { upstream: 'http://a', path: '/' } } }, ...fields } }),
  AggregateConfig: fields => aggregate({ parts: { a: { upstream: 'http://a', path: '/' } }, ...fields }),
  SplitUpstreamConfig: fields => route({ upstream: { split: [side({}), side({ name: 'b' })], ...fields } }),
  SideConfig: fields => route({ upstream: { split: [side(fields), side({ name: 'other' })] } }),
  MirrorConfig: fields => route({ mirror: { upstream: 'http://a', ...fields } }),
  RouteCache: fields => route({ cache: fields }),
  TraceRules: fields => gateway({ trace: fields }),
  CertificateFields: fields => gateway({ certificateFields: fields }),
  AggregatePartConfig: part,
  ServiceConfig: service,
  InstanceConfig: fields => service({ instances: [{ url: 'http://a', ...fields }] }),
  OutliersConfig: fields => service({ outliers: fields }),
  ApiKeysConfig: fields => knows({ ...authenticator, ...fields }),
  ApiKeyConfig: fields =>
    knows({
      ...authenticator,
      keys: [{ ...('key' in fields ? {} : { hash: '0'.repeat(64) }), ...identity, ...fields }],
    }),
  JwtConfig: fields => {
    const { jwksUrl: _, ...rest } = jwt;
    const algorithms = 'secret' in fields ? ['HS256'] : jwt.algorithms;
    return knows({ ...('jwks' in fields || 'secret' in fields ? rest : jwt), algorithms, ...fields });
  },
  SignedRequestsConfig: fields => knows({ kind: 'signed-requests', keys: {}, ...fields }),
  SigningKeyConfig: fields =>
    knows({ kind: 'signed-requests', keys: { a: { secret: `\${SECRET}`, ...identity, ...fields } } }),
};

/** What the reader tells of a config. */
export function problemsOf(config: unknown): readonly string[] {
  const reader = new ServerReader('gatewayFrom', extras);
  try {
    reader.read(config);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

/** The rule of a number, in the words of who refuses what is none; empty where nobody says it so. */
export function ruleOf(owner: string, field: string): string {
  const told = problemsOf(samples[owner]!({ [field]: 'no number' }));
  const own = told.find(
    message => message.split(' ')[0]!.endsWith(`.${field}`) || message.startsWith(`${field} `),
  );
  return /must be (.*), got "no number"$/.exec(own ?? '')?.[1] ?? '';
}
