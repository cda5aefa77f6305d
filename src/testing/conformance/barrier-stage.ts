import { type BarrierAnswer, ParticipantBarrier } from '../../saga/barrier.js';
import type { BarrierStore } from '../../saga/barrier-store.js';
import type { Demand } from '../law.js';
import { settle } from '../settle.js';

/** A store of one law's own, and the business data that stands beside it. */
export interface BarrierStoreSubject<Transaction> {
  /** Ready for use, with nothing in it. */
  readonly store: BarrierStore<Transaction>;
  /** Runs `work` in a transaction that commits when it resolves and rolls back when it rejects. */
  transaction<Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result>;
  /** Adds to a balance of the business data, as a part of the transaction. */
  add(transaction: Transaction, amount: number): void | Promise<void>;
  /** The balance that is committed, 0 at first. */
  balance(): number | Promise<number>;
  /** Waits until whoever waits for a row surely does. @default some turns of the event loop */
  blocked?(): Promise<void>;
  /** Ends what was opened for it. */
  close?(): void | Promise<void>;
}

/** Makes a store for one law. */
export type MakeBarrierStore<Transaction> = () =>
  | BarrierStoreSubject<Transaction>
  | Promise<BarrierStoreSubject<Transaction>>;

/** A wish to roll back. */
class Undo extends Error {}

/** What a law does with its subject: calls that add 1 to the balance, or take it back. */
export class BarrierStage<Transaction> {
  readonly subject: BarrierStoreSubject<Transaction>;
  readonly barrier: ParticipantBarrier<Transaction>;

  constructor(subject: BarrierStoreSubject<Transaction>) {
    this.subject = subject;
    this.barrier = new ParticipantBarrier({ store: subject.store });
  }

  /** A call that adds 1, or takes it back; `before` runs before its transaction ends. */
  call(key: string, epoch?: number, before?: () => Promise<void>): Promise<BarrierAnswer<unknown>> {
    const [saga, step, direction] = key.split(':') as [string, string, 'forward' | 'compensate'];
    return this.subject.transaction(async transaction => {
      const answer = await this.barrier.run(
        transaction,
        { saga, step, direction, epoch },
        async ({ forwardResult }) => {
          await this.subject.add(transaction, direction === 'forward' ? 1 : -1);
          return direction === 'forward' ? { paid: saga } : { undone: forwardResult ?? null };
        },
      );
      await before?.();
      return answer;
    });
  }

  /** The same, rolled back. */
  async fail(key: string, epoch?: number, before?: () => Promise<void>): Promise<void> {
    const undone = async (): Promise<void> => {
      await before?.();
      throw new Undo();
    };
    await this.call(key, epoch, undone).catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  }

  async blocked(): Promise<void> {
    await (this.subject.blocked ?? settle)();
  }
}

export type BarrierLaw = <Transaction>(stage: BarrierStage<Transaction>, demand: Demand) => Promise<void>;

export const same = (got: unknown, wanted: unknown): boolean =>
  JSON.stringify(got) === JSON.stringify(wanted);
export const done = (saga: string) => ({ outcome: 'done', result: { paid: saga } });
export const again = (saga: string) => ({ outcome: 'duplicate', result: { paid: saga } });
