import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import { SagaOrchestrator } from '../../../src/saga/orchestrator.js';
import type { SagaOrchestratorOptions } from '../../../src/saga/orchestrator-options.js';
import type { SagaData } from '../../../src/saga/saga-node.js';
import type { SagaStore } from '../../../src/saga/saga-store.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

type Options = Partial<Omit<SagaOrchestratorOptions, 'definitions'>>;

/** A store in memory and orchestrators on one clock that stands still until a test moves it. */
export class SagaScene {
  readonly clock = new VirtualClock();
  readonly store = new InMemorySagaStore({ clock: this.clock });

  orchestrator(definitions: readonly SagaData[], options: Options = {}): SagaOrchestrator {
    const { clock, store } = this;
    return new SagaOrchestrator({ store, clock, random: () => 0, definitions, ...options });
  }

  async worker(definitions: readonly SagaData[], options: Options = {}): Promise<SagaOrchestrator> {
    const sagas = this.orchestrator(definitions, options);
    await sagas.work();
    return sagas;
  }

  /** How a saga ended, in a word, or the code of the error. */
  async end(sagas: SagaOrchestrator, id: string): Promise<string> {
    for (let turn = 0; turn < 2_000; turn++) {
      const status = (await sagas.get(id))?.status ?? 'none';
      if (['completed', 'compensated', 'parked'].includes(status)) return status;
      await this.clock.advance(100);
    }
    return (await sagas.get(id))!.status;
  }

  /** What happened to a saga, in a word each. */
  async told(id: string): Promise<readonly string[]> {
    const history = await this.store.history(id);
    return history.map(({ event }) => ('step' in event ? `${event.kind} ${event.step}` : event.kind));
  }
}

/** Something that a test lets happen when it wants. */
export class Gate<T = void> {
  readonly promise: Promise<T>;
  open!: (value: T) => void;
  fail!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.open = resolve;
      this.fail = reject;
    });
  }
}

/** A store whose methods do as `around` says, which has the real one at hand. */
export function storeAround(
  store: SagaStore,
  around: (method: keyof SagaStore, real: () => Promise<unknown>) => Promise<unknown>,
): SagaStore {
  return new Proxy(store, {
    get: (target, method) => {
      const real = Reflect.get(target, method) as (...args: unknown[]) => Promise<unknown>;
      if (typeof real !== 'function') return real;
      return (...args: unknown[]) => around(method as keyof SagaStore, () => real.apply(target, args));
    },
  });
}
