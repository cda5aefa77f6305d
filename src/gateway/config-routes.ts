import { readPattern } from '../core/route-pattern.js';
import { hiddenPair, RouteTable, sharedMethods, tiedPair } from '../core/route-table.js';
import { isRecord } from '../kernel/options.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Policy } from '../kernel/policy.js';
import { makeOf } from '../resilience/config-making.js';
import { fieldOf } from '../resilience/config-problems.js';
import { ConfigReader } from '../resilience/config-reader.js';
import { InMemoryRateLimitStore } from '../resilience/in-memory-rate-limit-store.js';
import type { Authenticator } from './authenticator.js';
import { type AggregateRoom, aggregateOf } from './config-aggregate.js';
import { type ConfigRoom, type Fields, fieldsOf, namedOf, plainly, tellValue } from './config-room.js';
import { mirrorOf, type SplitRoom, splitOf } from './config-split.js';
import type { GatewayPlan } from './gateway-options.js';
import type { GatewayRoute } from './gateway-route.js';
import { dataText } from './kept-parts.js';
import { replyProblem } from './reply-problem.js';
import { namesakes } from './route-clashes.js';
import { planLimit } from './route-limits.js';
import { planRoute, type RoutePlan } from './route-plan.js';
import type { Upstream } from './split.js';
import { textOf } from './text-of.js';
import type { UpstreamProxy } from './upstream.js';

/** Fields whose `null` is `Infinity`. */
const unlimitedFields = ['timeoutMs', 'maxBodyBytes'];
const ends = ['upstream', 'reply', 'redirect'];
const readFields = [...ends, 'policy', 'auth', 'authorize', 'limits', 'mirror'];
/** Ends to go on with where one was wrong. */
const somewhere: Fields = { upstream: () => ({}), reply: {}, redirect: { to: '/' } };
const limitNames = ['name', 'limit', 'perMs', 'burst', 'by', 'store', 'onStoreError'];

/** What routes are made with. */
export interface RouteParts {
  readonly plan: GatewayPlan;
  readonly services: Readonly<Record<string, UpstreamProxy>>;
  readonly authenticators: Readonly<Record<string, Authenticator>>;
  /** Named pipelines, as they stand in the config. */
  readonly pipelines: Fields;
  /** What budgets were said to be: other ones make other pipelines. */
  readonly budgets: unknown;
}

/** Makes the routes of a config. */
export class RouteReader {
  readonly #room: ConfigRoom;
  readonly #parts: RouteParts;
  readonly #policies: ConfigReader;
  readonly #memory: InMemoryRateLimitStore;
  /** Pipelines by name: what two routes name is one. */
  readonly #named = new Map<string, Policy>();

  constructor(room: ConfigRoom, parts: RouteParts) {
    this.#room = room;
    this.#parts = parts;
    this.#policies = new ConfigReader(room.extras, room.problems);
    this.#memory = new InMemoryRateLimitStore({ maxKeys: 1 });
  }

  /** All routes, with what stands for fields left out; what is wrong with them is told. */
  routes(value: unknown, defaults: Fields): readonly GatewayRoute[] {
    if (!Array.isArray(value)) {
      tellValue(this.#room, 'routes', 'a list of routes', value);
      return [];
    }
    const { problems } = this.#room;
    const before = problems.told;
    const made: GatewayRoute[] = [];
    const plans: RoutePlan[] = [];
    for (const [at, entry] of value.entries()) {
      if (problems.isFull) break;
      const route = this.#route(entry, `routes[${at}]`, defaults);
      if (route === undefined) continue;
      made.push(route.route);
      plans.push(route.plan);
    }
    if (problems.told === before) this.#checkTable(plans);
    return made;
  }

  /** A policy by the name of its pipeline, or a list of policies, which is kept under the name `own`. */
  policyOf(value: unknown, path: string, own: string): Policy | undefined {
    if (typeof value !== 'string') return this.#pipeline(value, path, own);
    const made = this.#named.get(value);
    if (made !== undefined) return made;
    const { pipelines } = this.#parts;
    const found = namedOf(value, pipelines, 'pipelines', path, this.#room);
    if (found === undefined) return undefined;
    const policy = this.#pipeline(found, fieldOf('pipelines', value), `pipelines.${value}`);
    if (policy !== undefined) this.#named.set(value, policy);
    return policy;
  }

  #pipeline(entries: unknown, path: string, name: string): Policy | undefined {
    const { kept, problems } = this.#room;
    if (!Array.isArray(entries)) {
      return tellValue(this.#room, path, 'a list of policies, or the name of a pipeline', entries);
    }
    return kept.of(`policy ${name}`, [entries, this.#parts.budgets ?? null], () => {
      const before = problems.told;
      const parts = this.#policies.policies(entries, path);
      return problems.told > before ? undefined : (pipeline(...parts) as unknown as Policy);
    });
  }

  #route(
    entry: unknown,
    path: string,
    defaults: Fields,
  ): { route: GatewayRoute; plan: RoutePlan } | undefined {
    const { problems } = this.#room;
    if (!isRecord(entry)) return tellValue(this.#room, path, 'an object', entry);
    const before = problems.told;
    const options = this.#optionsOf(entry, path, defaults);
    const owner = `route ${textOf(typeof entry['name'] === 'string' ? entry['name'] : entry['path'])}`;
    const make = (left: Fields): RoutePlan =>
      plainly(
        () => planRoute(left as unknown as GatewayRoute, this.#parts.plan, this.#memory),
        message => plainMessage(message, owner),
      );
    const plan = makeOf({ options, entry, path, make }, problems);
    if (plan === undefined || problems.told > before) return undefined;
    return { route: options as unknown as GatewayRoute, plan };
  }

  /** The options of the route. What is wrong is told, and something stands there to go on with. */
  #optionsOf(entry: Fields, path: string, defaults: Fields): Fields {
    const options: Record<string, unknown> = { ...defaults, ...entry };
    const read = (field: string, make: (value: unknown, place: string) => unknown): void => {
      const value = entry[field];
      if (value === undefined) return;
      const made = make(value, fieldOf(path, field));
      if (made !== undefined) options[field] = made;
      else if (ends.includes(field)) options[field] = somewhere[field];
      else Reflect.deleteProperty(options, field);
    };
    const { host, methods, headers, query } = entry;
    const asked = [headers, query].map(conditions => dataText(conditions) ?? '');
    const { name = [...[host, methods, entry['path']].map(textOf), ...asked] } = entry;
    const own = `of ${textOf(name)}`;
    read('upstream', (value, place) => this.#upstream(value, place, entry['path'], own));
    read('policy', (value, place) => this.policyOf(value, place, own));
    read('auth', (value, place) => (value === false ? false : this.auth(value, place)));
    read('authorize', (value, place) => this.#extra(value, 'authorize', place));
    read('limits', (value, place) => this.#limits(value, place));
    read('mirror', (value, place) => mirrorOf(value, place, this.#splitRoom(entry['path'], own)));
    read('reply', (value, place) => this.#reply(value, place));
    read('redirect', (value, place) => fieldsOf(value, place, ['to', 'status'], this.#room.problems));
    for (const [field, value] of Object.entries(entry)) {
      if (value !== null) continue;
      if (unlimitedFields.includes(field)) options[field] = Infinity;
      else if (!readFields.includes(field))
        tellValue(this.#room, fieldOf(path, field), 'left out, or a value', null);
    }
    // Whom nobody is asked about has no scopes: that is told where `auth` is right.
    if (entry['auth'] !== undefined && options['auth'] === undefined) {
      for (const field of ['scopes', 'authorize']) Reflect.deleteProperty(options, field);
    }
    return options;
  }

  /** Authenticators by their names, one or a list. */
  auth(value: unknown, path: string): Authenticator[] | undefined {
    const { authenticators } = this.#parts;
    const names = typeof value === 'string' ? [value] : value;
    if (!Array.isArray(names)) return tellValue(this.#room, path, 'a name, a list of names, or false', value);
    if (names.length === 0) return tellValue(this.#room, path, 'at least one name, or false', value);
    const found = names.map((name, at) => {
      const place = typeof value === 'string' ? path : `${path}[${at}]`;
      return namedOf(name, authenticators, 'authenticators', place, this.#room);
    });
    return found.includes(undefined) ? undefined : (found as Authenticator[]);
  }

  #extra(value: unknown, extra: 'authorize' | 'limitBy' | 'stores' | 'functions', path: string): unknown {
    return namedOf<unknown>(value, this.#room.extras[extra] ?? {}, `extras.${extra}`, path, this.#room);
  }

  #upstream(value: unknown, path: string, routePath: unknown, own: string): Upstream | undefined {
    if (!isRecord(value)) return value as Upstream;
    if ('function' in value) {
      const fields = fieldsOf(value, path, ['function'], this.#room.problems);
      return this.#extra(fields?.['function'], 'functions', `${path}.function`) as Upstream | undefined;
    }
    if ('aggregate' in value) {
      const fields = fieldsOf(value, path, ['aggregate'], this.#room.problems);
      const pattern = readPattern(routePath as string);
      if (typeof pattern === 'string') return undefined;
      const { services, plan } = this.#parts;
      const room: AggregateRoom = {
        ...this.#room,
        ...{ services, rules: plan.rules },
        policyOf: (policy, place) => this.policyOf(policy, place, `${own} ${place.slice(path.length)}`),
      };
      const aggregate = aggregateOf(fields?.['aggregate'], `${path}.aggregate`, pattern, room);
      return aggregate && { aggregate };
    }
    if ('split' in value)
      return splitOf(value, path, this.#splitRoom(routePath, own)) as Upstream | undefined;
    const fields = fieldsOf(value, path, ['service', 'basePath'], this.#room.problems);
    const found = namedOf(
      fields?.['service'],
      this.#parts.services,
      'services',
      `${path}.service`,
      this.#room,
    );
    return found && ({ ...fields, service: found } as Upstream);
  }

  #splitRoom(routePath: unknown, own: string): SplitRoom {
    return {
      ...this.#room,
      upstreamOf: (value, path) => this.#upstream(value, path, routePath, own),
      policyOf: (value, path, side) => this.policyOf(value, path, `${own} side ${side}`),
    };
  }

  #limits(value: unknown, path: string): unknown {
    if (!Array.isArray(value)) return tellValue(this.#room, path, 'a list of limits', value);
    return value.map((entry, at) => this.#limit(entry, `${path}[${at}]`)).filter(one => one !== undefined);
  }

  #limit(entry: unknown, path: string): unknown {
    const fields = fieldsOf(entry, path, limitNames, this.#room.problems);
    if (fields === undefined) return undefined;
    const { by, store, ...rest } = fields;
    const isPlain = by === undefined || ['ip', 'route', 'identity'].includes(by as string);
    const key = isPlain ? by : this.#extra(by, 'limitBy', `${path}.by`);
    const kept = store === undefined ? undefined : this.#extra(store, 'stores', `${path}.store`);
    const own = { ...(key !== undefined && { by: key }), ...(kept !== undefined && { store: kept }) };
    const options = { ...rest, ...own };
    const make = (left: Fields): unknown => {
      const plan = () => planLimit('limit', left as never, this.#memory);
      plainly(plan, message => message.replace(/`limits\./, '`'));
      return left;
    };
    return makeOf({ options, entry: fields, path, make }, this.#room.problems);
  }

  #reply(value: unknown, path: string): unknown {
    const known = ['status', 'headers', 'body', 'json'];
    const fields = fieldsOf(value, path, known, this.#room.problems);
    const wrong = fields && replyProblem(fields);
    if (wrong !== undefined) return this.#room.problems.tell(`${path}.${wrong.field}`, wrong.says);
    return fields;
  }

  #checkTable(plans: readonly RoutePlan[]): void {
    const { problems } = this.#room;
    try {
      const { routes } = new RouteTable(plans);
      const tell = (pair: readonly RoutePlan[] | undefined, field: string, says: (of: string) => string) => {
        if (pair === undefined) return;
        const [of, at] = pair.map(plan => plans.indexOf(plan));
        problems.tell(`routes[${at}]${field}`, says(`routes[${of}]`));
      };
      const hidden = hiddenPair(routes);
      const tied = hidden === undefined ? tiedPair(routes) : undefined;
      tell(hidden, '', of => `takes nothing that ${of} leaves`);
      tell(tied, '', of => `takes ${sharedMethods(...tied!)[0]} as ${of} does, and none goes first`);
      if (hidden === undefined) tell(namesakes(plans), '.name', of => `must be its own, got that of ${of}`);
    } catch (error) {
      problems.tell('routes', `is refused: ${(error as Error).message}`);
    }
  }
}

/** The words of a route, as who knows it by its path in the config reads them. */
function plainMessage(message: string, owner: string): string {
  const rest = message.startsWith(`${owner}: `) ? message.slice(owner.length + 2) : message;
  return `route: ${rest.replace(/^redirect: `rewrite`/, '`redirect.to`')}`;
}
