import type { SagaStore, SagaWrite } from '../../../src/saga/saga-store.js';

/** What a saga rests on, each left out: the simulation has to notice. */
export const mistakes = [
  'a store without fencing',
  'a store that forgets a write',
  'a key for each attempt',
  'a pivot like any other step',
  'a participant without a barrier',
  'no order of undoing',
  'a signal that is used twice',
] as const;

export type Mistake = (typeof mistakes)[number];

/** A store that takes whatever is written, by whomever. */
function unfenced(store: SagaStore): SagaStore {
  return instead(store, {
    write: async (write: SagaWrite) => {
      const record = await store.get(write.id);
      const { epoch = 0, revision = 0 } = record ?? {};
      return store.write({ ...write, epoch, revision });
    },
    renew: async () => [],
  });
}

/** A store that answers before it has written, and loses one write in ten. */
function forgetful(store: SagaStore): SagaStore {
  let writes = 0;
  const lost = new Map<string, number>();
  return instead(store, {
    write: async (write: SagaWrite) => {
      // What was lost was never there: the next one is taken for it.
      const revision = write.revision - (lost.get(write.id) ?? 0);
      if (++writes % 10 === 0 && write.release === undefined) {
        lost.set(write.id, (lost.get(write.id) ?? 0) + 1);
        return { kind: 'written' } as const;
      }
      return store.write({ ...write, revision });
    },
  });
}

function instead(store: SagaStore, methods: Partial<SagaStore>): SagaStore {
  return new Proxy(store, {
    get: (target, name: keyof SagaStore) => {
      if (name in methods) return methods[name];
      const method = target[name] as ((...args: unknown[]) => unknown) | undefined;
      return method?.bind(target);
    },
  });
}

export function withMistake(store: SagaStore, mistake: Mistake | undefined): SagaStore {
  if (mistake === 'a store without fencing') return unfenced(store);
  if (mistake === 'a store that forgets a write') return forgetful(store);
  if (mistake === 'a signal that is used twice') {
    return instead(store, { write: (write: SagaWrite) => store.write({ ...write, consumed: [] }) });
  }
  return store;
}
