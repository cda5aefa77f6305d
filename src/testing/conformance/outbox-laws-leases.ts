import { OUTBOX_BUCKETS } from '../../core/outbox-lease.js';
import { HOUR_MS, idsOf, LEASE_MS, type OutboxLaw, rowOf } from './outbox-stage.js';

/** Who has what. */
export const outboxLeaseLaws: Readonly<Record<string, OutboxLaw>> = {
  'a relay has all buckets, and shares them with one that comes': async (stage, demand) => {
    const first = await stage.relay();
    demand(first.grants.length === OUTBOX_BUCKETS, 'all of them', first.grants.length);
    const second = await stage.relay();
    demand(second.grants.length === 0, 'nothing that another one has', second.grants);
    const { relays } = await first.beat(HOUR_MS, OUTBOX_BUCKETS / 2);
    demand(relays === 2, 'two relays', relays);
    demand(first.grants.length === OUTBOX_BUCKETS / 2, 'half of them', first.grants.length);
    await second.beat();
    const buckets = new Set([...first.grants, ...second.grants].map(({ bucket }) => bucket));
    demand(second.grants.length === OUTBOX_BUCKETS / 2, 'the other half', second.grants.length);
    demand(buckets.size === OUTBOX_BUCKETS, 'each of them once', buckets.size);
    const suspect = second.grants.filter(({ suspectTo }) => suspectTo !== undefined);
    demand(suspect.length === 0, 'nothing suspect in what was given back', suspect);
  },

  'of relays that come at once, none gets what another one has': async (stage, demand) => {
    const relays = await Promise.all([1, 2, 3, 4].map(() => stage.relay()));
    for (let round = 0; round < 6; round++) {
      await Promise.all(relays.map(relay => relay.beat(HOUR_MS, Math.max(relay.grants.length - 16, 0))));
      const buckets = relays.flatMap(({ grants }) => grants.map(({ bucket }) => bucket));
      demand(new Set(buckets).size === buckets.length, 'each bucket once', buckets);
    }
    const shares = relays.map(({ grants }) => grants.length);
    demand(shares.join() === '16,16,16,16', 'equal shares', shares);
  },

  'a bucket goes to another relay when its lease is over, and not before': async (stage, demand) => {
    const first = await stage.relay(LEASE_MS);
    const second = await stage.relay();
    const before = first.grantOf('a')!.epoch;
    await second.beat();
    demand(second.grants.length === 0, 'nothing as long as the lease lasts', second.grants.length);
    await stage.subject.advance(LEASE_MS + 1);
    const { relays } = await second.beat();
    demand(second.grants.length === OUTBOX_BUCKETS, 'all of it after that', second.grants.length);
    demand(relays === 1, 'who is silent not to be counted', relays);
    demand(second.grantOf('a')!.epoch > before, 'a larger epoch', second.grantOf('a'));
    await first.beat();
    demand(first.grants.length === 0, 'who was silent to have lost it', first.grants.length);
  },

  'a lease that is kept lasts, and one that is over and nobody took does as well': async (stage, demand) => {
    const first = await stage.relay(LEASE_MS);
    const epoch = first.grantOf('a')!.epoch;
    await stage.subject.advance(LEASE_MS + 1);
    await first.beat(HOUR_MS);
    demand(first.grantOf('a')?.epoch === epoch, 'the same epoch', first.grantOf('a'));
    const second = await stage.relay();
    demand(second.grants.length === 0, 'nothing for another one', second.grants.length);
  },

  'a relay that did not hear the answer is given the same again': async (stage, demand) => {
    await stage.publish('a1');
    const relay = await stage.relay();
    const { epoch } = relay.grantOf('a')!;
    relay.grants = [];
    await relay.beat();
    demand(relay.grants.length === OUTBOX_BUCKETS, 'all of it', relay.grants.length);
    const again = relay.grantOf('a')!;
    demand(again.epoch > epoch && again.suspectTo === undefined, 'it anew, and nothing suspect', again);
  },

  'who has lost a bucket changes nothing in it': async (stage, demand) => {
    const { store } = stage;
    await stage.publish('a1', 'a2');
    const slow = await stage.relay(LEASE_MS);
    const [row] = await slow.read();
    await stage.subject.advance(LEASE_MS + 1);
    const other = await stage.relay();
    const claim = slow.claim('a');
    const trouble = { id: row!.id, tries: 1, waitMs: undefined, reason: 'failed' as const, error: '' };
    const answers = [
      await store.confirm(claim, [row!.id]),
      await store.mark(claim, row!.id),
      await store.trust(claim),
      await store.trouble(claim, trouble),
      await store.confirm({ ...claim, epoch: other.claim('a').epoch }, [row!.id]),
    ];
    demand(
      answers.every(held => !held),
      'nothing of it',
      answers,
    );
    const rows = await other.read();
    demand(idsOf(rows) === 'a1 a2', 'all that was there', idsOf(rows));
    demand((await store.parked(10, undefined)).length === 0, 'nothing parked', 'a parked key');
    const held = await store.confirm(other.claim('a'), [row!.id]);
    demand(held && idsOf(await other.read()) === 'a2', 'who has it to be heard', held);
  },

  'who leaves gives up all at once, and leaves nothing suspect': async (stage, demand) => {
    await stage.publish('a1');
    const first = await stage.relay();
    await stage.store.leave(first.name);
    const second = await stage.relay();
    demand(second.grants.length === OUTBOX_BUCKETS, 'all of it', second.grants.length);
    demand(second.grantOf('a')?.suspectTo === undefined, 'nothing suspect', second.grantOf('a'));
    const { relays } = await second.beat();
    demand(relays === 1, 'who left not to be counted', relays);
  },

  'what a silent relay may have had open is suspect, until it is trusted': async (stage, demand) => {
    await stage.publish('a1', 'a2', 'b1');
    await stage.relay(LEASE_MS);
    await stage.subject.advance(LEASE_MS + 1);
    const second = await stage.relay(LEASE_MS);
    const rows = await second.read();
    const suspectTo = second.grantOf('a')?.suspectTo;
    demand(suspectTo === rowOf(rows, 'a2').id, 'all of the key to be suspect', suspectTo);
    demand(
      second.grantOf('b')?.suspectTo === rowOf(rows, 'b1').id,
      'that of others too',
      second.grantOf('b'),
    );
    await stage.publish('a3');
    await stage.subject.advance(LEASE_MS + 1);
    const third = await stage.relay();
    demand(third.grantOf('a')!.suspectTo! > suspectTo!, 'what came since as well', third.grantOf('a'));
    demand(await stage.store.trust(third.claim('a')), 'the claim to be good', false);
    await third.beat();
    demand(third.grantOf('a')?.suspectTo === undefined, 'nothing to be suspect', third.grantOf('a'));
  },

  'what was tried alone when a relay fell silent is accused, and parked in the end': async (
    stage,
    demand,
  ) => {
    await stage.publish('a1', 'a2', 'b1');
    const crashes: number[] = [];
    for (let time = 0; time < 2; time++) {
      const relay = await stage.relay(LEASE_MS);
      const row = rowOf(await relay.read(), 'a1');
      crashes.push(row.crashes);
      await stage.store.mark(relay.claim('a'), row.id);
      await stage.subject.advance(LEASE_MS + 1);
    }
    const last = await stage.relay(LEASE_MS);
    demand(crashes.join() === '0,2', 'the first death to count as well', crashes);
    const parked = await stage.store.parked(10, undefined);
    const [one] = parked;
    demand(parked.length === 1 && one?.reason === 'crashed' && one.crashes === 3, 'it to be parked', parked);
    demand(one?.messageId === 'a1' && one.topic === 'orders.placed', 'the message to be named', one);
    demand(idsOf(await last.read()) === 'b1', 'only its key to stand still', idsOf(await last.read()));
    await stage.subject.advance(LEASE_MS + 1);
    await stage.relay();
    const [still] = await stage.store.parked(10, undefined);
    demand(still?.crashes === 3, 'nothing to be accused that was not tried', still);
  },

  'what went through alone is accused of nothing': async (stage, demand) => {
    await stage.publish('a1', 'a2');
    const first = await stage.relay(LEASE_MS);
    const [one, two] = await first.read();
    await stage.store.mark(first.claim('a'), one!.id);
    await stage.store.confirm(first.claim('a'), [one!.id]);
    await stage.store.mark(first.claim('a'), two!.id);
    await stage.store.mark(first.claim('a'), undefined);
    await stage.subject.advance(LEASE_MS + 1);
    const second = await stage.relay();
    const [left] = await second.read();
    demand(left?.messageId === 'a2' && left.crashes === 0, 'no crash', left);
  },
};
