import type { ProcessChange, ProcessStore, SavedProcess } from '../../saga/process-store.js';
import type { Demand } from '../law.js';

/** A store of one law's own. */
export interface ProcessStoreSubject {
  /** Ready for use, with nothing in it. */
  readonly store: ProcessStore;
  /** Lets time pass, in ms, by the clock that the store goes by. */
  advance(ms: number): void | Promise<void>;
  /** Ends what was opened for it. */
  close?(): void | Promise<void>;
}

/** Makes a store for one law. */
export type MakeProcessStore = () => ProcessStoreSubject | Promise<ProcessStoreSubject>;

/** What a law asks of its subject. */
export type ProcessLaw = (subject: ProcessStoreSubject, demand: Demand) => Promise<void>;

/** A change of a process that had `expected` changes before. */
export function changeOf(
  key: string,
  expected: number,
  more: Partial<Omit<ProcessChange, 'next'>> & { readonly next?: Partial<SavedProcess> } = {},
): ProcessChange {
  const { next, ...rest } = more;
  const saved = { state: `{"n":${expected + 1}}`, timeouts: {}, correlationId: 'c', ended: false, late: 0 };
  const nothing = { message: undefined, sends: [], schedule: [], cancel: [] };
  return {
    ...{ process: 'order', key, expected, ...nothing, ...rest },
    next: { version: expected + 1, ...saved, ...next },
  };
}

export const sent = (...ids: string[]) => ids.map(id => ({ id, body: JSON.stringify({ to: id }) }));
export const same = (got: unknown, wanted: unknown): boolean =>
  JSON.stringify(got) === JSON.stringify(wanted);
