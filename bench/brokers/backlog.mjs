import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const brokers = ['redis', 'rabbitmq', 'nats', 'postgres'];
const [few, many] = [1_000, 100_000];
const mostGrowth = 16 * 1_048_576;

/** What a process that consumes holds in the middle of a backlog of so many, in bytes. */
function heldAt(broker, count) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('../harness/backlog-child.mjs', import.meta.url)), [
      broker,
      count,
    ]);
    const timer = setTimeout(() => child.kill('SIGKILL'), 240_000);
    child.once('message', resolve);
    child.once('exit', code => {
      clearTimeout(timer);
      reject(new Error(`${broker}: it ended with ${code}`));
    });
  });
}

async function measure() {
  const rows = [];
  const lines = [];
  for (const broker of brokers) {
    const [small, large] = [await heldAt(broker, few), await heldAt(broker, many)];
    const mib = bytes => (bytes / 1_048_576).toFixed(1);
    rows.push({ group: 'backlog', subject: broker, small, large });
    const mark = large - small <= mostGrowth ? 'pass' : 'MISS';
    const growth = `${mib(small)} MiB at ${few}, ${mib(large)} MiB at ${many}`;
    lines.push(`${mark}  ${broker.padEnd(9)} ${growth}, ${mib(mostGrowth)} MiB more at most`);
  }
  return { rows, lines, notes: ['heap and external bytes after a collection, in the middle'], failures: [] };
}

export const group = {
  name: 'backlog',
  title: `what a consumer holds in the middle of a backlog of ${many} messages`,
  measure,
};
