/** Charges cards. Every ninth one is declined. */
import { participant } from './participant.mjs';

await participant({
  service: 'payments',
  table: 'charge',
  refuses: order => (order % 9 === 8 ? 'card declined' : undefined),
});
