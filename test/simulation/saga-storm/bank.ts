import { ParticipantBarrier } from '../../../src/saga/barrier.js';
import { InMemoryBarrierStore, type MemoryTransaction } from '../../../src/saga/barrier-memory.js';
import type { SeededRandom } from '../../../src/testing/seeded-random.js';
import type { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** A call of a saga, as it goes over the network. */
export interface Request {
  /** What the step was told to send. */
  readonly key: string;
  readonly saga: string;
  readonly step: string;
  readonly direction: 'forward' | 'compensate';
  readonly epoch: number;
  readonly delta: number;
  /** Whether the business says no. */
  readonly bad: boolean;
}

/** What comes back: the answer of the step, or that it never will be done. */
export type Reply = { readonly ok: unknown } | { readonly refused: string };

/** An effect that was had, in the order in which they were. */
export interface Effect {
  readonly at: number;
  readonly saga: string;
  readonly step: string;
  readonly direction: Request['direction'];
  readonly delta: number;
}

/** `keys`: a participant that knows repeated calls, and nothing more. */
export type Guard = 'barrier' | 'keys';

/**
 * The participants, and their books: an account for each step, and each change of one. The books are kept by
 * the business code alone, so that they say what happened and not what should have.
 */
export class Bank {
  readonly effects: Effect[] = [];
  readonly accounts = new Map<string, number>();
  /** How often a call that came late was not heard any more, and how often one was answered as the first. */
  readonly counts = { refused: 0, stale: 0, void: 0, duplicate: 0, rolledBack: 0 };
  stormy = true;
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #guard: Guard;
  readonly #store: InMemoryBarrierStore;
  readonly #barrier: ParticipantBarrier<MemoryTransaction>;
  readonly #known = new Map<string, Reply>();

  constructor(clock: VirtualClock, random: SeededRandom, guard: Guard) {
    this.#clock = clock;
    this.#random = random;
    this.#guard = guard;
    this.#store = new InMemoryBarrierStore({ clock });
    this.#barrier = new ParticipantBarrier({ store: this.#store });
  }

  async handle(request: Request): Promise<Reply> {
    if (this.#guard === 'keys') return this.#byKeys(request);
    const [step] = request.key.split(':').slice(-2);
    const saga = request.key.split(':').slice(0, -2).join(':');
    const { direction, epoch } = request;
    const answer = await this.#store.transaction(transaction =>
      this.#barrier.run(transaction, { saga, step: step!, direction, epoch }, ({ forwardResult }) => {
        // A refusal is an answer that is kept, and leaves nothing to undo.
        const refused = Object.hasOwn(Object(forwardResult), 'refused');
        return refused ? { ok: 'there was nothing' } : this.#business(request, transaction);
      }),
    );
    if (answer.outcome === 'done') return answer.result;
    this.counts[answer.outcome]++;
    if (answer.outcome === 'duplicate') return answer.result;
    return answer.outcome === 'void' ? { ok: 'there was nothing' } : { refused: answer.outcome };
  }

  /** Whether the step has been done, for whoever asks. */
  has(saga: string, step: string): boolean {
    return this.effects.some(one => one.saga === saga && one.step === step && one.direction === 'forward');
  }

  #byKeys(request: Request): Reply {
    const known = this.#known.get(request.key);
    if (known !== undefined) return known;
    const { saga, step, direction } = request;
    const reply: Reply =
      direction === 'compensate' && !this.has(saga, step) ? { ok: 'nothing' } : this.#do(request);
    this.#known.set(request.key, reply);
    return reply;
  }

  async #business(request: Request, transaction: MemoryTransaction): Promise<Reply> {
    const before = this.effects.length;
    const reply = this.#do(request);
    const effect = this.effects[before];
    if (effect !== undefined) {
      transaction.onRollback(() => {
        this.effects.splice(this.effects.indexOf(effect), 1);
        this.#book(request.step, -effect.delta);
      });
    }
    await new Promise<void>(resolve => this.#clock.schedule(1, resolve));
    if (this.stormy && this.#random() < 0.03) {
      this.counts.rolledBack++;
      throw new Error('the database of the participant is away');
    }
    return reply;
  }

  #do({ saga, step, direction, delta, bad }: Request): Reply {
    if (bad && direction === 'forward') return { refused: 'the business says no' };
    const change = direction === 'forward' ? delta : -delta;
    this.effects.push({ at: this.#clock.now(), saga, step, direction, delta: change });
    this.#book(step, change);
    return { ok: `${step} of ${saga}` };
  }

  #book(account: string, change: number): void {
    this.accounts.set(account, (this.accounts.get(account) ?? 0) + change);
  }
}
