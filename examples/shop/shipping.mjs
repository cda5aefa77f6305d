/** Sends parcels. Every thirteenth address does not exist, which it is the last to notice. */
import { participant } from './participant.mjs';

await participant({
  service: 'shipping',
  table: 'parcel',
  refuses: order => (order % 13 === 12 ? 'no such address' : undefined),
});
