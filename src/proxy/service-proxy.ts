import { Balancer } from '../discovery/balancer.js';
import type { BalancedInstance } from '../discovery/balancer-host.js';
import { OutlierDetector } from '../discovery/outlier-detector.js';
import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import { isRejected } from '../kernel/errors.js';
import { refuse } from '../kernel/options.js';
import { judge, type Verdict } from '../kernel/outcome.js';
import type { Policy } from '../kernel/policy.js';
import { keyed } from '../resilience/keyed.js';
import { launch } from '../resilience/launch.js';
import { EndpointCall } from './endpoint-call.js';
import { requestCall } from './request-call.js';
import {
  checkServiceProxy,
  isSource,
  type ProxyOperation,
  type Remote,
  type ServiceProxyOptions,
  type ServiceProxyPlan,
  type ServiceProxySnapshot,
} from './service-proxy-options.js';

/** For so many instances there is a policy of their own. */
const MOST_POLICIES = 1_000;

/** So many methods of a client are kept; names may come from anywhere. */
const MOST_METHODS = 1_000;

/**
 * Whether a client has that of its own. It is no promise, so that whoever awaits it gets it; whoever logs it
 * calls nobody; and what every object has is no method of a service.
 */
function isLocal(name: PropertyKey): boolean {
  return typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name in Object.prototype;
}

/** One call, over all of its attempts. */
interface ProxyCall<I> {
  readonly operation: ProxyOperation<I, unknown>;
  readonly isFetch: boolean;
  /** The instances that its attempts went to. */
  readonly tried: Set<I>;
}

/**
 * One object for a service with many instances: chooses an instance for each attempt, learns from how it
 * ended, takes instances that fail out for a while, and gives a retry or a hedge another one.
 *
 * @example
 * ```ts
 * import { Retry, ServiceProxy } from 'keelson';
 *
 * const stock = new ServiceProxy({
 *   service: 'stock',
 *   instances: [{ id: 'a' }, { id: 'b' }],
 *   policy: new Retry({ attempts: 2 }),
 * });
 * const asked: string[] = [];
 * await stock.call((_, { id }) => {
 *   asked.push(id);
 *   if (asked.length === 1) throw new Error('asleep');
 *   return 7;
 * }); // => 7
 * new Set(asked).size; // => 2
 * ```
 */
export class ServiceProxy<I extends BalancedInstance = BalancedInstance> {
  /** The name of the service. */
  readonly service: string;
  /** What chooses among the instances. */
  readonly balancer: Balancer<I>;
  /** What finds out those that fail; `undefined` where that was turned off. */
  readonly outliers: OutlierDetector | undefined;
  readonly #plan: ServiceProxyPlan<I>;
  readonly #perInstance: Policy | undefined;
  readonly #background: CallContext;
  readonly #leave: (() => void) | undefined;
  /** How many instances there are. */
  #count = 0;
  /** Those who wait for an instance to have nothing to do any more. */
  readonly #waiting = new Map<string, (() => void)[]>();

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: ServiceProxyOptions<I>) {
    const plan = checkServiceProxy(options);
    const { service, clock, random, perInstance, instances: source } = plan;
    this.service = service;
    this.#plan = plan;
    const instances = isSource(source) ? source.instances : source;
    this.balancer = new Balancer<I>({ ...plan.balancer, instances, name: service, clock, random });
    this.outliers =
      plan.outliers === false
        ? undefined
        : new OutlierDetector({ ...plan.outliers, target: this.balancer, name: service, clock });
    this.update(instances);
    this.#perInstance =
      perInstance &&
      keyed<Policy>(perInstance, {
        maxKeys: MOST_POLICIES,
        key: ({ attributes }) => (attributes['endpoint'] as I).id,
        name: service,
        clock,
      });
    this.#background = backgroundContext(clock);
    this.#leave = isSource(source)
      ? source.on('changed', change => this.update(change.instances))
      : undefined;
  }

  /** These are the instances from now on; a source says so by itself. */
  update(instances: readonly I[]): void {
    this.balancer.update(instances);
    this.outliers?.update(instances.map(({ id }) => id));
    this.#count = instances.length;
  }

  /**
   * Runs the operation with an instance, and again with another one where the policy wants that. The
   * instance is in `context.attributes.endpoint` as well.
   *
   * @throws NoEndpointError, as a rejection, when there is no instance.
   */
  call<T>(operation: ProxyOperation<I, T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('call', operation));
    return this.#call(operation, options, false);
  }

  /**
   * Sends a request to an instance. `path` begins with `/`; the origin is that of the instance. `options` are
   * those of the call, or the context that it is a part of, as an operation or a part of an aggregate has
   * one; their signal gives the call up, as one in `init` does. A request whose method may be repeated is
   * `idempotent`, unless you say that it is not.
   */
  fetch(path: string, init: RequestInit = {}, options: CallOptions | Context = {}): Promise<Response> {
    const { url, fetch } = this.#plan;
    const call = requestCall(init, options);
    const answer = this.#call(
      (context, endpoint) => {
        // Behind an origin nothing that begins with a slash can name another host.
        if (typeof path !== 'string' || !path.startsWith('/')) refuse('fetch', 'path', 'begun with /', path);
        const whole = url(endpoint).replace(/\/+$/, '') + path;
        // A signal and a listener at it are a tenth of a request: not where nobody can give it up.
        const { cancellable } = context as CallContext;
        return fetch(whole, cancellable === false ? init : { ...init, signal: context.signal });
      },
      call.options,
      true,
    );
    return call.leave === undefined ? answer : answer.finally(call.leave);
  }

  /**
   * An object with the methods of the service, each of which is one call. `connect` makes what is asked, for
   * one attempt: keep connections elsewhere, by the instance.
   */
  client<Service extends object>(
    connect: (context: Context, endpoint: I) => Service,
    options?: CallOptions,
  ): Remote<Service> {
    if (typeof connect !== 'function') refuse('client', 'connect', 'a function', connect);
    const methods = new Map<PropertyKey, (...args: readonly unknown[]) => Promise<unknown>>();
    const methodOf = (name: PropertyKey) => {
      let method = methods.get(name);
      method ??= (...args) =>
        this.call((context, endpoint) => {
          const service = connect(context, endpoint) as Record<PropertyKey, (...all: unknown[]) => unknown>;
          return service[name]!(...args);
        }, options);
      if (methods.size < MOST_METHODS) methods.set(name, method);
      return method;
    };
    const get = (target: object, name: PropertyKey): unknown =>
      isLocal(name) ? Reflect.get(target, name) : methodOf(name);
    return new Proxy({}, { get }) as Remote<Service>;
  }

  /** Gives an instance nothing more; resolves when the calls to it that are under way have ended. */
  async drain(id: string): Promise<void> {
    this.balancer.drain(id);
    while (this.balancer.inFlight(id) > 0) {
      await new Promise<void>(resolve => {
        this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve]);
      });
    }
  }

  /** How it stands, as JSON. */
  snapshot(): ServiceProxySnapshot {
    const { service, balancer, outliers } = this;
    return { service, balancer: balancer.snapshot(), outliers: outliers?.snapshot() ?? null };
  }

  /** How it was made, as JSON. */
  describe(): Readonly<Record<string, unknown>> {
    const { service, balancer, outliers } = this;
    const described = { balancer: balancer.describe(), outliers: outliers?.describe() ?? null };
    return { kind: 'service proxy', service, ...described };
  }

  /** Listens to its source no more. Calls go on, to the instances that were known last. */
  [Symbol.dispose](): void {
    this.#leave?.();
  }

  #call<T>(
    operation: ProxyOperation<I, T>,
    options: CallOptions | Context | undefined,
    isFetch: boolean,
  ): Promise<T> {
    const call: ProxyCall<I> = { operation, isFetch, tried: new Set() };
    const { policy, clock } = this.#plan;
    if (policy !== undefined) {
      const attempt = (context: Context): Promise<unknown> => this.#attempt(context as CallContext, call);
      return policy.execute(attempt, options ?? this.#background) as Promise<T>;
    }
    try {
      const context = options === undefined ? this.#background : contextOf(options, clock);
      if (context.cancelled) return Promise.reject(context.reason);
      return this.#attempt(context, call) as Promise<T>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** One attempt: with one instance, or with the next where the policy of that one does not let it run. */
  async #attempt(context: CallContext, call: ProxyCall<I>): Promise<unknown> {
    let refusal: { readonly error: unknown } | undefined;
    for (let left = this.#count; ; left--) {
      let ran = false;
      this.outliers?.sweep();
      const pick = this.balancer.pick({ key: context.key, avoid: call.tried });
      if (refusal !== undefined && call.tried.has(pick.instance)) {
        // There is no other one left.
        pick.done('neutral');
        throw refusal.error;
      }
      call.tried.add(pick.instance);
      const own = new EndpointCall(context, pick.instance);
      const run = (inner: Context): unknown => {
        ran = true;
        return call.operation(inner, pick.instance);
      };
      const perInstance = this.#perInstance;
      const answer = perInstance === undefined ? launch(run, own) : perInstance.execute(run, own);
      try {
        const value = await answer;
        this.#settle(pick, this.#judge(true, value, own, call.isFetch));
        return value;
      } catch (error) {
        this.#settle(pick, this.#judge(false, error, own, call.isFetch));
        // It has not run: there is no harm in asking another instance.
        if (ran || !isRejected(error) || left <= 1 || context.cancelled) throw error;
        refusal = { error };
      }
    }
  }

  #judge(ok: boolean, result: unknown, call: CallContext, isFetch: boolean): Verdict {
    const { classify } = this.#plan;
    try {
      const verdict = judge('ServiceProxy', ok, result, call, classify);
      if (classify !== undefined || !ok || !isFetch) return verdict;
      return (result as Response).status >= 500 ? 'failure' : verdict;
    } catch (error) {
      // A mistake in `classify` must not keep a call in flight for ever.
      console.error(`keelson: \`classify\` of the proxy of ${this.service} failed`, error);
      return ok ? 'success' : judge('ServiceProxy', ok, result, call);
    }
  }

  #settle(pick: { readonly instance: I; done(verdict: Verdict): void }, verdict: Verdict): void {
    const { id } = pick.instance;
    pick.done(verdict);
    this.outliers?.record(id, verdict);
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || this.balancer.inFlight(id) > 0) return;
    this.#waiting.delete(id);
    for (const resolve of waiting) resolve();
  }
}
