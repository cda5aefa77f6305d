/**
 * A bulkhead for each dependency. One that hangs fills its own slots and its own wait line; who calls
 * another one feels nothing.
 */
import { Bulkhead, wrap } from 'keelson';

const bulkheads = {
  search: new Bulkhead({ name: 'search', slots: 2, queue: 1 }),
  payment: new Bulkhead({ name: 'payment', slots: 2, queue: 1 }),
};

// Stands for two remotes: search hangs until it is let go, payment answers.
let release;
const released = new Promise(resolve => {
  release = resolve;
});
const search = wrap(bulkheads.search, async (_context, words) => {
  await released;
  return `results for ${words}`;
});
const pay = wrap(bulkheads.payment, async (_context, euros) => `paid ${euros} €`);

const searches = ['tea', 'pot', 'cup', 'jam'].map(words => search(words));
searches[3].catch(error => console.log(`the fourth search: ${error.code}`));

console.log(await pay(7));
const { taken, waiting } = bulkheads.search.snapshot();
console.log(`search: ${taken} running, ${waiting} waiting`);

release();
for (const answer of await Promise.all(searches.slice(0, 3))) console.log(answer);
