/**
 * A breaker around a client that takes callbacks, so that there is no function to pass to `execute`:
 * acquire a permit, and tell it how the call went.
 */
import { CircuitBreaker } from 'keelson';

/** Stands for an old client. It is down until somebody repairs it. */
const printer = {
  repaired: false,
  print(text, callback) {
    setImmediate(() => (this.repaired ? callback(null, `printed ${text}`) : callback(new Error('no paper'))));
  },
};

const breaker = new CircuitBreaker({ name: 'printer', consecutiveFailures: 2, openMs: 50, probes: 1 });
breaker.on('opened', ({ because }) => console.log(`  opened: ${because}`));
breaker.on('closed', () => console.log('  closed'));

function print(text, callback) {
  let permit;
  try {
    permit = breaker.acquire();
  } catch (error) {
    callback(error);
    return;
  }
  printer.print(text, (error, answer) => {
    if (error) permit.failure(error);
    else permit.success();
    callback(error, answer);
  });
}

/** Only so that this example reads from top to bottom. */
const attempt = text =>
  new Promise(resolve =>
    print(text, (error, answer) => resolve(console.log(error?.code ?? error?.message ?? answer))),
  );

await attempt('one');
await attempt('two');
await attempt('three');

printer.repaired = true;
await new Promise(resolve => setTimeout(resolve, 60));
await attempt('four');
