import { HealthTable, type HealthTurn } from '../core/health.js';
import type { Clock, Timer } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import {
  type CheckedInstance,
  checkHealth,
  type HealthCheck,
  type HealthCheckerEvents,
  type HealthCheckerOptions,
  type HealthCheckerSnapshot,
  type HealthPlan,
  type HealthTarget,
  healthDefaults,
  isHealthSource,
} from './health-options.js';

const isChecked = ({ status = 'up' }: CheckedInstance): boolean => status === 'up' || status === 'starting';

/**
 * Asks the instances of a service again and again how they are, and takes out those that fail.
 *
 * @example
 * ```ts
 * import { Balancer, HealthChecker, httpCheck } from 'keelson';
 *
 * const instances = [{ id: 'a', address: '10.0.0.5:8080' }, { id: 'b', address: '10.0.0.6:8080' }];
 * const balancer = new Balancer({ instances });
 * const health = new HealthChecker({ instances, target: balancer, check: httpCheck({ path: '/health' }) });
 * health.isHealthy('a'); // => true
 * health.close();
 * ```
 */
export class HealthChecker<I extends CheckedInstance = CheckedInstance>
  implements Observable<HealthCheckerEvents>
{
  /** Shown in events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  readonly #plan: HealthPlan;
  readonly #check: HealthCheck<I>;
  readonly #target: HealthTarget | undefined;
  readonly #table: HealthTable;
  readonly #emitter = new Emitter<HealthCheckerEvents>(['checked', 'failed', 'recovered']);
  readonly #aborts = new Set<AbortController>();
  #instances: ReadonlyMap<string, I> = new Map();
  #leave: (() => void) | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: HealthCheckerOptions<I>) {
    const plan = checkHealth(options);
    this.#plan = plan;
    this.name = plan.name;
    this.clock = plan.clock;
    this.#check = options.check;
    this.#target = options.target;
    this.#table = new HealthTable(plan.rules);
    const { instances } = options;
    if (!isHealthSource(instances)) this.update(instances);
    else {
      this.#leave = instances.on('changed', change => this.update(change.instances));
      this.update(instances.instances);
    }
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof healthDefaults {
    return healthDefaults;
  }

  /** What is believed of an instance; of one that is not checked, what `trusted` says. */
  isHealthy(id: string): boolean {
    return this.#table.isHealthy(id);
  }

  /** These are the instances from now on. What is known of those that stay is kept. */
  update(instances: readonly I[]): void {
    if (this.#closed) return;
    const failed = this.#unhealthy();
    this.#instances = new Map(instances.filter(isChecked).map(instance => [instance.id, instance]));
    this.#table.update(this.#instances.keys(), this.clock.now(), this.#plan.random);
    // One that is checked no more may come back, and is as new then.
    for (const id of failed) if (!this.#instances.has(id)) this.#target?.readmit(id, this.name);
    // Who takes them out may have heard of them only now.
    for (const id of this.#unhealthy()) this.#target?.eject(id, this.name);
    this.#arm();
  }

  on<Name extends keyof HealthCheckerEvents>(
    event: Name,
    listener: Listener<HealthCheckerEvents[Name]>,
  ): () => void {
    return this.#emitter.on(event, listener);
  }

  /** How it stands, as JSON. */
  snapshot(): HealthCheckerSnapshot {
    const { running } = this.#table;
    const unhealthy = this.#unhealthy().length;
    return { name: this.name, running, unhealthy, instances: this.#table.describe() };
  }

  /** Its rules, as JSON. */
  describe(): Readonly<Record<string, unknown>> {
    const { rules, timeoutMs, name } = this.#plan;
    return { kind: 'health', name, ...rules, timeoutMs };
  }

  /** Checks nobody any more, and gives up what is under way. What is believed stays as it is. */
  close(): void {
    this.#closed = true;
    this.#leave?.();
    this.#timer?.cancel();
    for (const abort of this.#aborts) abort.abort();
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #unhealthy(): readonly string[] {
    const known = this.#table.describe();
    return known.filter(({ healthy }) => !healthy).map(({ id }) => id);
  }

  #arm(): void {
    this.#timer?.cancel();
    const { earliest } = this.#table;
    if (this.#closed || earliest === Infinity) return;
    this.#timer = this.clock.schedule(Math.max(0, earliest - this.clock.now()), () => this.#go());
  }

  #go(): void {
    for (;;) {
      const turn = this.#table.begin(this.clock.now());
      if (turn === undefined) break;
      this.#run(turn, this.#instances.get(turn.id)!);
    }
    this.#arm();
  }

  /** One check. Whichever comes first counts: its answer, or the end of its time. */
  #run(turn: HealthTurn, instance: I): void {
    const { timeoutMs } = this.#plan;
    const startedAt = this.clock.now();
    const abort = new AbortController();
    this.#aborts.add(abort);
    let over = false;
    const end = (ok: boolean, error: unknown): void => {
      if (over) return;
      over = true;
      timer.cancel();
      this.#aborts.delete(abort);
      if (!this.#closed) this.#settle(turn, ok, error, startedAt);
    };
    const timer = this.clock.schedule(timeoutMs, () => {
      const late = new Error(`${this.name}: no answer within ${timeoutMs} ms`);
      end(false, late);
      abort.abort(late);
    });
    const ask = async (): Promise<unknown> => this.#check(instance, { signal: abort.signal, timeoutMs });
    ask().then(
      answer => end(answer !== false, answer === false ? new Error(`${this.name}: it says no`) : undefined),
      error => end(false, error),
    );
  }

  #settle(turn: HealthTurn, ok: boolean, error: unknown, startedAt: number): void {
    const { id } = turn;
    const now = this.clock.now();
    const change = this.#table.end(turn, ok, now, this.#plan.random());
    const told = { checker: this.name, at: this.clock.wall(), id };
    if (change?.kind === 'failed') this.#target?.eject(id, this.name);
    else if (change?.kind === 'recovered') this.#target?.readmit(id, this.name);
    if (this.#emitter.has('checked')) {
      this.#emitter.emit('checked', { ...told, ok, tookMs: now - startedAt, error });
    }
    if (change?.kind === 'failed') this.#emitter.emit('failed', { ...told, error });
    else if (change?.kind === 'recovered') this.#emitter.emit('recovered', told);
    this.#arm();
  }
}
