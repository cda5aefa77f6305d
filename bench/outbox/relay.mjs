import { throughputGroup } from '../harness/throughput.mjs';
import { bare, batch, boss, byHand, keelson, workers } from '../subjects/outboxes.mjs';

export const group = throughputGroup({
  name: 'relay',
  title: `${workers} relays of one outbox in order of keys, beside pg-boss and a bare loop, all by ${batch}`,
  count: 40_000,
  subjects: [keelson(), keelson({ batch: 100 }, 'keelson, by 100'), boss, byHand, bare],
  targets: [
    { stretch: 'consume', atLeast: 15_000 },
    { stretch: 'consume', of: boss.name, share: 2 },
    { stretch: 'consume', of: bare.name, share: 0.7 },
  ],
});
