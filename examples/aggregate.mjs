/** One answer of four services: side by side, under one deadline, and honest about what is missing. */
import { aggregate, CircuitBreaker, optional, part } from 'keelson';

/** Stands for a remote that takes so many ms. @template T @param {T} answer @param {number} ms */
const after = (answer, ms) => new Promise(resolve => setTimeout(resolve, ms, answer).unref());

const breaker = new CircuitBreaker({ name: 'reviews', consecutiveFailures: 2, minCalls: 1 });
const down = () => Promise.reject(new Error('reviews are down'));

const user = part(async (_, /** @type {string} */ id) => after({ id, city: 'Bonn' }, 20));
// Begins when the user is there.
const weather = part({ user }, async (_, __, needs) => `sunny in ${needs.user.city}`);

const page = aggregate(
  {
    user,
    orders: async (_, /** @type {string} */ id) => after([`an order of ${id}`], 20),
    weather: optional(weather),
    reviews: optional(() => breaker.execute(down), { otherwise: [] }),
    offers: optional(() => after(['late'], 60_000)),
  },
  { timeoutMs: 500 },
);

for (const attempt of [1, 2, 3]) {
  const { data, missing } = await page.execute('7');
  const gaps = missing.map(({ part: name, why, error }) => `${name} ${why}${error ? ` ${code(error)}` : ''}`);
  if (attempt === 1) console.log(`${data.orders}, ${data.weather}`);
  console.log(gaps.join(', '));
}

/** @param {any} error */
function code(error) {
  return error.code ?? error.message;
}
