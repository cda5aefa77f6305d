/**
 * One budget for the retries of all calls. Each retry is reasonable by itself; when everything fails, all
 * of them together would triple the load on a remote that is down already.
 */
import { attemptsOf, Retry, RetryBudget } from 'keelson';

let requests = 0;
async function down() {
  requests++;
  throw new Error('HTTP 500');
}

const backoff = /** @type {const} */ ({ kind: 'constant', delayMs: 1 });
const call = retry => retry.execute(down).catch(error => error);

const alone = new Retry({ attempts: 3, backoff });
await Promise.all(Array.from({ length: 100 }, () => call(alone)));
console.log(`without a budget: 100 calls, ${requests} requests`);

// A tenth of the calls may be tried again, and 5 tries are saved up at first. Reads and writes share them.
const budget = new RetryBudget({ retryRatio: 0.1, reserve: 5, minPerSecond: 0 });
const reads = new Retry({ attempts: 3, backoff, budget });
const writes = new Retry({ attempts: 2, backoff, budget });
const reasons = { attempts: 0, budget: 0 };
reads.on('gaveUp', ({ reason }) => {
  reasons[reason]++;
});

requests = 0;
const errors = [];
for (let i = 0; i < 50; i++) errors.push(await call(reads), await call(writes));
console.log(`with a budget: 100 calls, ${requests} requests`);
console.log(`reads gave up: ${reasons.budget} for the budget, ${reasons.attempts} after three attempts`);

const tried = errors.find(error => attemptsOf(error).length > 1);
console.log(`an error that tells of its attempts: ${tried.message}, ${attemptsOf(tried).length} attempts`);
