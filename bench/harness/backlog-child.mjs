// node backlog-child.mjs <broker> <count>: fills a broker, consumes half of it, and says what is held then.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const [broker, count] = [process.argv[2], Number(process.argv[3])];
const { group } = await import(`../brokers/${broker}.mjs`);
const subject = group.subjects.find(({ name }) => name === 'keelson');

let seen = 0;
let held = 0;
const { publish, consume, close } = await subject.open(() => {
  seen++;
  if (seen !== Math.floor(count / 2)) return;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  held = heapUsed + external;
});
// Not all at once: what waits to be published is not what is measured.
for (let at = 0; at < count; at += 1_000) {
  await publish(Array.from({ length: Math.min(1_000, count - at) }, (_, n) => at + n));
}
await consume(count, () => seen);
await close();
process.send(held, () => process.exit(0));
