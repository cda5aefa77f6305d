import { readFields } from '../core/request-fields.js';
import { type NormalPath, normalPath } from '../core/route-path.js';
import { paramsOf } from '../core/route-pattern.js';
import { type RouteAnswer, RouteTable, takesMethod } from '../core/route-table.js';
import { readHost, readTarget } from '../core/route-target.js';
import { refuse } from '../kernel/options.js';
import { newId } from '../kernel/random.js';
import { InMemoryRateLimitStore } from '../resilience/in-memory-rate-limit-store.js';
import { authenticate } from './authenticator.js';
import { addCors, isPreflight, preflight } from './cors.js';
import { budgetMsOf } from './forward-context.js';
import { isLoop } from './forward-fields.js';
import { type GatewayOptions, type GatewayPlan, planGateway } from './gateway-options.js';
import { IncomingCall, type RequestHead } from './gateway-request.js';
import type { GatewayRoute } from './gateway-route.js';
import { turnedAway } from './maintenance.js';
import { type GatewayAnswer, problem } from './problem.js';
import { clashWords, namesakeWords } from './route-clashes.js';
import { isAfterAuth, takeLimit } from './route-limits.js';
import { checkSpelling, planRoute, type RoutePlan } from './route-plan.js';
import { sideOf } from './split-side.js';
import { HexIds, traceRequest } from './trace.js';
import { findClient, within } from './trusted-peers.js';
import type { OnUserFailure } from './user-failure.js';

/** What is to be done with a request. `call` is missing where the head could not even be read. */
export type Decision =
  | { readonly kind: 'answer'; readonly call: IncomingCall | undefined; readonly answer: GatewayAnswer }
  | { readonly kind: 'pass'; readonly call: IncomingCall; readonly plan: RoutePlan };

/** What is taken at all; which of them a path takes, its route says. */
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const ID = /^[\w.:-]{1,128}$/;

/** The methods of a route, for `Allow`. */
const allowOf = ({ methods }: RoutePlan): { readonly fields: readonly string[] } => {
  const named = methods.includes('GET') ? [...new Set([...methods, 'HEAD'])] : methods;
  return { fields: ['Allow', named.length === 0 ? METHODS : named.join(', ')] };
};

/**
 * Decides on requests, by their heads alone: what is refused is refused before anything of a body is read.
 * It knows nothing of sockets; a server asks it, and does what it says.
 */
export class GatewayFront {
  readonly plan: GatewayPlan;
  readonly #ids = new HexIds();
  readonly #memory: InMemoryRateLimitStore;
  #table: RouteTable<RoutePlan>;
  /** Whether it takes no more: readiness says so. */
  draining = false;
  /** Told of what code of the user's throws. */
  onFailure: OnUserFailure = () => {};

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: GatewayOptions) {
    this.plan = planGateway(options);
    this.#memory = new InMemoryRateLimitStore({ maxKeys: this.plan.maxLimitKeys, clock: this.plan.clock });
    this.#table = this.#tableOf(options.routes);
  }

  /** The routes, in the order of precedence. */
  get routes(): readonly RoutePlan[] {
    return this.#table.routes;
  }

  /** From now on these are the routes; with a mistake in them nothing changes. Limits go on counting. */
  replace(routes: readonly GatewayRoute[]): void {
    this.#table = this.#tableOf(routes);
  }

  /** Whether a route takes it, or a health path; what cannot even be read is taken, to be refused. */
  takes(head: RequestHead): boolean {
    const call = this.#open(head);
    const target = readTarget(head.method, head.target);
    if (!(call instanceof IncomingCall) || target === undefined) return true;
    const path = this.#pathOf(target.path);
    if (path === undefined) return false;
    call.path = path.path;
    call.query = target.query;
    const { live, ready } = this.plan.health;
    return call.path === live || call.path === ready || this.#find(call).found.kind === 'route';
  }

  decide(head: RequestHead): Decision | Promise<Decision> {
    const opened = this.#open(head);
    if (!(opened instanceof IncomingCall)) return { kind: 'answer', call: undefined, answer: opened };
    const call = opened;
    const target = readTarget(head.method, head.target);
    const path = target === undefined ? undefined : this.#pathOf(target.path);
    if (target === undefined || path === undefined) {
      return this.#answer(call, problem(400, 'a request target that is none', { close: true }));
    }
    // Asked of the server as a whole: RFC 9110, 9.3.7.
    if (path.path === '*') return this.#answer(call, { status: 204, fields: ['Allow', METHODS] });
    call.path = path.path;
    call.query = target.query;
    const health = path.oddities === 0 ? this.#health(call) : undefined;
    return health ?? this.#route(call, path);
  }

  /** Reads the head; an answer where it cannot be taken. */
  #open(head: RequestHead): IncomingCall | GatewayAnswer {
    const { rules, maxTargetLength, maxFieldCount, maxFieldBytes, trusted } = this.plan;
    const { method, target, fields, version } = head;
    if (head.malformed === true) return problem(400, 'a head that is none', { close: true });
    if (version !== '1.1' && version !== '1.0' && version !== '2') {
      return problem(505, 'this version of HTTP is not spoken here', { close: true });
    }
    if (method === 'CONNECT' || method === 'TRACE') {
      return problem(405, 'the method is not taken here', { fields: ['Allow', ''], close: true });
    }
    if (target.length > maxTargetLength) return problem(414, 'the target is too long', { close: true });
    if (fields.reduce((sum, text) => sum + text.length + 2, 0) > maxFieldBytes) {
      return problem(431, 'the fields are too large', { close: true });
    }
    const facts = readFields(fields, version, maxFieldCount, rules.own);
    if ('status' in facts) return problem(facts.status, facts.why, { close: true });
    const authority = readTarget(method, target)?.authority ?? facts.host;
    const host = authority === undefined || authority === '' ? undefined : readHost(authority);
    if (host === undefined && authority !== undefined) {
      return problem(400, 'a host that is none', { close: true });
    }
    const call = new IncomingCall(head, facts, host);
    findClient(call, trusted);
    const said = call.trusted ? call.header(rules.requestIdField) : undefined;
    call.id = said !== undefined && ID.test(said) ? said : newId();
    call.extra.push(rules.requestIdField, call.id);
    if (this.plan.trace !== undefined) traceRequest(call, this.plan.trace, this.#ids);
    return call;
  }

  #pathOf(path: string): NormalPath | undefined {
    return path === '*' ? { path: '*', oddities: 0 } : normalPath(path);
  }

  #answer(call: IncomingCall, answer: GatewayAnswer): Decision {
    return { kind: 'answer', call, answer };
  }

  #health(call: IncomingCall): Decision | Promise<Decision> | undefined {
    const { live, ready, check } = this.plan.health;
    if (call.method !== 'GET' && call.method !== 'HEAD') return undefined;
    const say = (ok: boolean): Decision =>
      this.#answer(call, {
        status: ok ? 200 : 503,
        fields: ['Content-Type', 'text/plain', 'Cache-Control', 'no-store'],
        body: ok ? 'ok\n' : 'not now\n',
      });
    if (call.path === live) return say(true);
    if (call.path !== ready) return undefined;
    if (this.draining || check === undefined) return say(!this.draining);
    return Promise.resolve()
      .then(check)
      .then(
        ok => say(ok === true),
        () => say(false),
      );
  }

  /** The route of a request; for one that asks what another may do, that of the other. */
  #find(call: IncomingCall): { readonly found: RouteAnswer<RoutePlan>; readonly asked: string | undefined } {
    const asked = isPreflight(call) ? call.header('access-control-request-method')! : undefined;
    const { host, path, query } = call;
    const headerOf = (name: string): string | undefined => call.header(name);
    const find = (method: string) => this.#table.find({ host, method, path, query, headerOf });
    let found = find(call.method);
    if (asked !== undefined) {
      const real = find(asked);
      if (real.kind === 'route' && real.route.cors !== undefined) found = real;
    }
    return { found, asked };
  }

  #route(call: IncomingCall, { oddities }: NormalPath): Decision | Promise<Decision> {
    const { found, asked } = this.#find(call);
    const taken = found.kind === 'route' ? found.route.allow : 0;
    if ((oddities & ~taken) !== 0) {
      return this.#answer(call, problem(400, 'a path that can be read in more than one way'));
    }
    if (found.kind === 'path') return this.#answer(call, problem(404, 'there is no such route'));
    if (found.kind === 'method') {
      const fields = ['Allow', found.allowed.join(', ')];
      return this.#answer(call, problem(405, 'the route has not this method', { fields }));
    }
    const plan = found.route;
    if (!call.facts.overrides.every(method => takesMethod(plan, method))) {
      return this.#answer(
        call,
        problem(405, 'the route has not the method that a field names', allowOf(plan)),
      );
    }
    call.route = plan.name;
    call.params = paramsOf(plan.pattern, call.path);
    if (plan.cors !== undefined) {
      addCors(plan.cors, call);
      if (asked !== undefined) {
        const methods = plan.methods.length === 0 ? [asked] : plan.methods;
        const ok =
          /^[A-Z-]+$/.test(asked) && (plan.cors.methods ?? methods).length > 0 && takesMethod(plan, asked);
        return this.#answer(
          call,
          ok ? preflight(plan.cors, methods) : problem(403, 'not a method of this route'),
        );
      }
    }
    return this.#admit(call, plan);
  }

  /** What can be told at once, and only then what somebody has to be asked about. */
  #admit(call: IncomingCall, plan: RoutePlan): Decision | Promise<Decision> {
    const { address, facts } = call;
    const denied =
      (plan.ipDeny.length > 0 && (address === undefined || within(plan.ipDeny, address))) ||
      (plan.ipAllow !== undefined && (address === undefined || !within(plan.ipAllow, address)));
    if (denied) return this.#answer(call, problem(403, 'not from there'));
    const away = turnedAway(call, this.plan.maintenance, plan.maintenance);
    if (away !== undefined) return this.#answer(call, away);
    if (isLoop(call, this.plan.rules))
      return this.#answer(call, problem(508, 'the request has been here before'));
    if (plan.auth === undefined && plan.limits.length === 0) return this.#pass(call, plan, facts.length);
    return this.#ask(call, plan);
  }

  #pass(call: IncomingCall, plan: RoutePlan, length = 0): Decision {
    if (length > plan.maxBodyBytes) {
      return this.#answer(call, problem(413, 'the body is larger than it may be', { close: true }));
    }
    if (call.method === 'OPTIONS' && call.header('max-forwards') === '0') {
      return this.#answer(call, { status: 204, ...allowOf(plan) });
    }
    const isAsked = plan.end.kind === 'upstream' || plan.end.kind === 'split';
    if (isAsked && budgetMsOf(call, plan.timeoutMs, this.plan.rules) === 0) {
      return this.#answer(call, problem(504, 'the client waits no more'));
    }
    return { kind: 'pass', call, plan: sideOf(plan, call, this.plan.random, this.onFailure) };
  }

  async #ask(call: IncomingCall, plan: RoutePlan): Promise<Decision> {
    const { clock } = this.plan;
    for (const limit of plan.limits) {
      if (isAfterAuth(limit)) continue;
      const answer = await takeLimit(limit, call, clock, this.onFailure);
      if (answer !== undefined) return this.#answer(call, answer);
    }
    if (plan.auth !== undefined) {
      const answer = await authenticate(plan.auth, call, this.onFailure);
      if (answer !== undefined) return this.#answer(call, answer);
    }
    for (const limit of plan.limits) {
      if (!isAfterAuth(limit)) continue;
      const answer = await takeLimit(limit, call, clock, this.onFailure);
      if (answer !== undefined) return this.#answer(call, answer);
    }
    return this.#pass(call, plan, call.facts.length);
  }

  #tableOf(routes: readonly GatewayRoute[]): RouteTable<RoutePlan> {
    if (!Array.isArray(routes)) refuse('ApiGateway', 'routes', 'a list', routes);
    for (const route of routes) checkSpelling(route);
    const plans = routes.map(route => planRoute(route, this.plan, this.#memory));
    const table = new RouteTable(plans);
    const wrong = namesakeWords(plans) ?? clashWords(table.routes);
    if (wrong !== undefined) throw new TypeError(`ApiGateway: ${wrong}`);
    return table;
  }
}
