import { type Law, law } from '../law.js';
import { outboxLeaseLaws } from './outbox-laws-leases.js';
import { outboxRowLaws } from './outbox-laws-rows.js';
import { type MakeOutboxStore, OutboxStage } from './outbox-stage.js';

/**
 * What every `OutboxStore` has to keep, as a list of checks for any test runner. Each makes a store of its
 * own. `serial` is for a database with one connection: no transaction is open beside another one.
 *
 * @example
 * ```ts
 * import { InMemoryOutboxStore } from 'keelson/data';
 * import { checkLaws, outboxStoreLaws, VirtualClock } from 'keelson/testing';
 *
 * const laws = outboxStoreLaws(() => {
 *   const clock = new VirtualClock();
 *   const store = new InMemoryOutboxStore({ clock });
 *   return { store, transaction: store.transaction.bind(store), advance: ms => clock.advance(ms) };
 * });
 * const { held } = await checkLaws(laws);
 * held.length; // => 20
 * ```
 */
export function outboxStoreLaws<Transaction>(
  make: MakeOutboxStore<Transaction>,
  options: { readonly serial?: boolean } = {},
): readonly Law[] {
  return Object.entries({ ...outboxRowLaws, ...outboxLeaseLaws }).map(([name, body]) =>
    law(name, async demand => {
      const subject = await make();
      try {
        await body(new OutboxStage(subject, options.serial === true), demand);
      } finally {
        await subject.close?.();
      }
    }),
  );
}
