import { entryOf } from '../../../src/core/saga-state.js';
import type { SagaRecord, SagaStore, SagaWrite } from '../../../src/saga/saga-store.js';
import type { StepContext } from '../../../src/saga/step-context.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { TIMEOUT_MS } from './definition.js';
import type { Shape, ShapeNode } from './shape.js';

export const LEASE_MS = 10_000;

/** What must not be. */
export class Violation extends Error {
  override get name(): string {
    return 'Violation';
  }
}

/**
 * Stands at the store and where calls are sent, and sees what must not be at the moment when it happens: who
 * writes under which claim, and what was written down when a call went out.
 */
export class Witness {
  readonly violations: string[] = [];
  readonly counts = { writes: 0, stale: 0, takeovers: 0 };
  readonly #clock: VirtualClock;
  /** What workers are given; it may be a wrong one. */
  readonly #store: SagaStore;
  /** What is really written down. */
  readonly #truth: SagaStore;
  /** By saga and epoch, until when the claim is good at the latest, on the monotonic clock. */
  readonly #leases = new Map<string, number>();
  /** By saga and epoch, who has it. */
  readonly #owners = new Map<string, string>();

  /** Where the store is a wrong one, it is for the books to notice. */
  readonly #reads: boolean;

  constructor(clock: VirtualClock, truth: SagaStore, store: SagaStore) {
    this.#clock = clock;
    this.#truth = truth;
    this.#store = store;
    this.#reads = truth === store;
  }

  complain(what: string): void {
    this.violations.push(what);
  }

  /** The store, as it is given to everybody. */
  store(): SagaStore {
    return new Proxy(this.#store, {
      get: (target, name: keyof SagaStore) => {
        const method = target[name] as ((...args: unknown[]) => Promise<unknown>) | undefined;
        if (name === 'write') return (write: SagaWrite) => this.#write(write);
        if (method === undefined || !['insert', 'claim', 'renew'].includes(name)) {
          return method?.bind(target);
        }
        return async (...args: unknown[]) => {
          const answer = await method.apply(target, args);
          this.#note(name, args, answer);
          return answer;
        };
      },
    });
  }

  /** Who drives a saga under a claim. */
  ownerOf(id: string, epoch: number): string {
    return this.#owners.get(`${id} ${epoch}`)!;
  }

  async #write(write: SagaWrite): Promise<unknown> {
    // Asked in one turn, so that nobody comes in between.
    const before = this.#truth.get(write.id);
    const answer = await this.#store.write(write);
    const record = (await before)!;
    if (answer.kind === 'stale') this.counts.stale++;
    if (answer.kind !== 'written') return answer;
    this.counts.writes++;
    if (!this.#reads) return answer;
    const { epoch, status, revision } = record;
    if (write.epoch !== epoch) this.complain(`${write.id}: epoch ${write.epoch} has written after ${epoch}`);
    // Said once more, for nobody heard that it was written.
    if (write.revision === revision - 1) return answer;
    if (write.revision !== revision) this.complain(`${write.id}: two have written after ${write.revision}`);
    // Somebody claims it, sees that there is nothing to do, and gives it back.
    if (write.status === status && write.events.length === 0) return answer;
    // One that is a step of another one is undone with it.
    if (status === 'compensated' || (status === 'completed' && record.parent === undefined)) {
      this.complain(`${write.id}: it was ${status}, and became ${write.status}`);
    }
    return answer;
  }

  #note(name: string, args: readonly unknown[], answer: unknown): void {
    const until = this.#clock.now() + LEASE_MS;
    const good = (id: string, epoch: number): void => {
      this.#leases.set(`${id} ${epoch}`, until);
    };
    const given = ({ id, epoch, owner }: SagaRecord): void => {
      good(id, epoch);
      this.#owners.set(`${id} ${epoch}`, owner!);
    };
    if (name === 'claim') {
      for (const { record, interrupted } of answer as { record: SagaRecord; interrupted: boolean }[]) {
        given(record);
        if (interrupted) this.counts.takeovers++;
      }
    } else if (name === 'insert') {
      const { record } = answer as { record: SagaRecord };
      if (record.owner !== undefined && record.epoch === 1) given(record);
    } else {
      const lost = answer as readonly string[];
      for (const { id, epoch } of args[0] as { id: string; epoch: number }[]) {
        if (!lost.includes(id)) good(id, epoch);
      }
    }
  }

  /** A worker begins a call: what is written down must allow it, and its claim must be good. */
  async sending(
    shape: Shape,
    node: ShapeNode,
    call: StepContext<unknown, object>,
    pending: ReadonlyMap<string, number>,
  ): Promise<void> {
    const { sagaId, epoch, direction, idempotencyKey: key } = call;
    const now = this.#clock.now();
    const until = this.#leases.get(`${sagaId} ${epoch}`) ?? -1;
    if (now > until) this.complain(`${key} begins at ${now}, and its claim was good until ${until}`);
    const beside = [...pending].find(([, began]) => now < began + TIMEOUT_MS);
    if (direction === 'compensate' && beside !== undefined) {
      this.complain(`${key} begins while ${beside[0]} runs`);
    }
    const record = await this.#truth.get(sagaId);
    if (record === undefined) return this.complain(`${key} begins, and there is no saga`);
    // Of a worker that was overtaken the barrier takes care, and the participants' books.
    if (record.epoch !== epoch) return;
    const { state } = record;
    if (direction !== (state.direction === 'forward' ? 'forward' : 'compensate')) {
      this.complain(`${key} begins, and it is written down that the saga goes ${state.direction}`);
    }
    if (direction === 'compensate') return;
    for (const before of node.after) {
      const { state: reached } = entryOf(state, before);
      if (reached !== 'done' && reached !== 'skipped') {
        this.complain(`${key} begins before it is written down that ${before} of ${shape.name} is over`);
      }
    }
  }
}
