/** Knows what is on the shelf, and sets it aside for orders. */
import { participant } from './participant.mjs';
import { shop } from './settings.mjs';

await participant({
  service: 'inventory',
  table: 'reservation',
  refuses: () => undefined,
  async read(db) {
    const { rows } = await db.query('SELECT count(*) AS taken FROM reservation WHERE NOT undone');
    return { units: shop.units - Number(rows[0].taken) };
  },
});
