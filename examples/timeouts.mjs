/** Two spans that people confuse: how long one attempt may take, and how long the caller will wait. */
import { pipeline, Retry, Timeout } from 'keelson';

/** Stands for a remote: the first answer takes too long, the second does not. */
let requests = 0;
function lookUp({ attempt, signal }) {
  requests++;
  signal.addEventListener('abort', () => console.log(`  attempt ${attempt}: ${signal.reason.message}`));
  return new Promise(resolve => setTimeout(resolve, attempt === 1 ? 5_000 : 5, 'found').unref());
}

const perAttempt = new Timeout({ timeoutMs: 100, name: 'attempt' });
const retry = new Retry({ attempts: 5, backoff: { kind: 'constant', delayMs: 10 } });

console.log('a timeout for each attempt, inside the retry:');
console.log(await pipeline(retry, perAttempt).execute(lookUp));

console.log('a total outside as well, and a remote that never answers:');
requests = 0;
const total = new Timeout({ timeoutMs: 280, name: 'total' });
const never = ({ signal }) => {
  requests++;
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
};
await pipeline(total, retry, perAttempt)
  .execute(never)
  .catch(error => console.log(`${error.code}, ${requests} attempts`));

console.log('less time for this one call:');
await pipeline(total, perAttempt)
  .execute(never, { timeoutMs: 20 })
  .catch(error => console.log(error.code));
