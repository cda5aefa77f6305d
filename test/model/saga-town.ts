import { defineSaga, type SagaDefinition } from '../../src/saga/definition.js';
import { InMemorySagaStore } from '../../src/saga/in-memory-saga-store.js';
import { SagaOrchestrator } from '../../src/saga/orchestrator.js';
import { StepFailedError } from '../../src/saga/saga-errors.js';
import type { SagaStore } from '../../src/saga/saga-store.js';
import type { CompensationContext, StepContext } from '../../src/saga/step-context.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

/**
 * What a participant does with a call: `lost` has its effect and does not answer well, `hung` never answers.
 */
export type Deed = 'well' | 'refused' | 'unreached' | 'unknown' | 'lost' | 'slow' | 'hung';

/** A call as a participant saw it. */
export interface SeenCall {
  readonly saga: string;
  readonly step: string;
  readonly forward: boolean;
  readonly key: string;
  readonly epoch: number;
  readonly at: number;
}

type Call = StepContext<unknown, object>;
const nothing = 'nothing' as const;

/** Participants, sagas that call them, a store, and two orchestrators, one of which can be frozen. */
export class Town {
  readonly clock = new VirtualClock();
  readonly store = new InMemorySagaStore({ clock: this.clock });
  readonly calls: SeenCall[] = [];
  /** By saga and step, how often the effect was had: once for a key. */
  readonly effects = new Set<string>();
  readonly undone = new Set<string>();
  /** Until when each claim is good, by what the store was asked. */
  readonly leases = new Map<string, number>();
  /** Calls that began when their claim was over. */
  readonly trespasses: string[] = [];
  readonly definitions: Readonly<Record<string, SagaDefinition<unknown, unknown>>>;
  deeds: Iterator<Deed>;
  #frozen: Promise<void> | undefined;
  #thaw: (() => void) | undefined;
  readonly #open: SagaOrchestrator[] = [];

  constructor(deeds: Iterator<Deed>) {
    this.deeds = deeds;
    this.definitions = this.#define();
  }

  #define(): Record<string, SagaDefinition<unknown, unknown>> {
    const rules = { retry: { attempts: 2 }, timeoutMs: 3_000 };
    const step = {
      ...rules,
      forward: (call: Call) => this.#forward(call),
      compensate: (call: CompensationContext<unknown, object, unknown>) => this.#undo(call),
      compensation: rules,
    };
    const plain = { ...rules, forward: step.forward };
    const line = defineSaga('line')
      .step('a', step)
      .step('b', { ...step, nullSafe: false })
      .step('c', step);
    const pivot = defineSaga('pivot').step('a', step).pivot('p', plain).step('r', plain);
    const wait = defineSaga('wait')
      .step('a', step)
      .waitForEvent('w', { event: 'go', timeoutMs: 5_000 })
      .step('c', step);
    const group = defineSaga('group', { concurrency: 2 })
      .parallel({
        v: step,
        w: { ...step, nullSafe: false },
        x: step,
        y: { ...step, idempotent: false },
        z: step,
      })
      .step('d', { ...step, compensate: nothing, compensation: {} });
    const nested = defineSaga('nested')
      .step('a', step)
      .saga('inner', line, () => ({}))
      .step('c', step);
    const all = { line, pivot, wait, group, nested };
    return all as unknown as Record<string, SagaDefinition<unknown, unknown>>;
  }

  /** An orchestrator that works; one that `freezes` does nothing with the store while the town is frozen. */
  async worker(freezes: boolean): Promise<SagaOrchestrator> {
    const { clock } = this;
    const sagas = new SagaOrchestrator({
      ...{ clock, random: () => 0.5, store: this.#watched(freezes) },
      ...{ definitions: Object.values(this.definitions), leaseMs: 9_000, marginMs: 2_000, recheckMs: 1_000 },
    });
    this.#open.push(sagas);
    await sagas.work();
    return sagas;
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  freeze(): void {
    this.#frozen ??= new Promise(resolve => (this.#thaw = resolve));
  }

  thaw(): void {
    this.#thaw?.();
    this.#frozen = undefined;
  }

  async close(): Promise<void> {
    this.thaw();
    const closing = Promise.all(this.#open.map(sagas => sagas.close()));
    await this.clock.runUntil(closing);
  }

  #watched(freezes: boolean): SagaStore {
    return new Proxy(this.store, {
      get: (target, method) => {
        const real = Reflect.get(target, method) as ((...args: unknown[]) => Promise<unknown>) | undefined;
        if (real === undefined) return undefined;
        return async (...args: unknown[]) => {
          if (freezes) await this.#frozen;
          const answer = await real.apply(target, args);
          await this.#note(String(method), args, answer);
          return answer;
        };
      },
    });
  }

  async #note(method: string, args: readonly unknown[], answer: unknown): Promise<void> {
    const ids: string[] = [];
    if (method === 'claim')
      ids.push(...(answer as { record: { id: string } }[]).map(({ record }) => record.id));
    if (method === 'insert') ids.push((args[0] as { id: string }).id);
    if (method === 'renew') ids.push(...(args[0] as { id: string }[]).map(({ id }) => id));
    for (const id of ids) {
      const record = await this.store.get(id);
      if (record?.owner !== undefined) {
        this.leases.set(`${id} ${record.epoch}`, record.wakeAt! - this.clock.wall() + this.clock.now());
      }
    }
  }

  #see({ sagaId: saga, step, direction, idempotencyKey: key, epoch }: Call): string {
    const at = this.clock.now();
    this.calls.push({ saga, step, forward: direction === 'forward', key, epoch, at });
    const until = this.leases.get(`${saga} ${epoch}`) ?? -1;
    if (at > until) this.trespasses.push(`${key} under ${epoch}, at ${at}, good until ${until}`);
    return `${saga} ${step}`;
  }

  #deed(): Deed {
    return this.deeds.next().value as Deed;
  }

  async #forward(call: Call): Promise<string> {
    const place = this.#see(call);
    const deed = this.#deed();
    await this.#sleep(10);
    const has = (): void => {
      // A participant with a barrier: what was undone before it came is refused.
      if (!this.undone.has(place)) this.effects.add(place);
    };
    if (deed === 'refused') throw new StepFailedError('refused');
    if (deed === 'unreached') throw Object.assign(new Error('unreached'), { code: 'ECONNREFUSED' });
    if (deed === 'slow') await this.#sleep(2_000);
    if (deed !== 'unknown') has();
    if (deed === 'hung') await new Promise(() => {});
    if (deed === 'unknown' || deed === 'lost') throw new Error(deed);
    return `${place} by ${call.idempotencyKey}`;
  }

  async #undo(call: Call): Promise<void> {
    const place = this.#see(call);
    const deed = this.#deed();
    await this.#sleep(deed === 'slow' ? 2_000 : 10);
    if (deed !== 'unknown' && deed !== 'unreached' && deed !== 'refused') this.undone.add(place);
    if (deed === 'hung') await new Promise(() => {});
    if (deed !== 'well' && deed !== 'slow') throw new Error(deed);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.clock.schedule(ms, () => resolve()));
  }
}
