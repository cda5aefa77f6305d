import { InMemoryRegistry } from '../../dist/discovery.js';

const INSTANCES = 10_000;
const WATCHERS = 1_000;
/** From the call that changes one instance until the last watcher has heard of it, in ms. */
const TARGET_MS = 5;

const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

/** One service of ten thousand instances, and a thousand who watch it, half of them by reading. */
async function sceneOf() {
  const registry = new InMemoryRegistry({ maxRegistrations: INSTANCES });
  const options = { ttlMs: 600_000, drainMs: 0 };
  const registrations = [];
  for (let at = 0; at < INSTANCES; at++) {
    registrations.push(registry.register({ service: 'cart', id: `i${at}`, address: 'cart:80' }, options));
  }
  await Promise.all(registrations.map(({ ready }) => ready));
  const scene = { registry, registrations, heard: 0, wrong: 0, all: () => {} };
  const hear = ({ changed, instances }) => {
    if (changed.length !== 1 || instances.length !== INSTANCES) scene.wrong++;
    if (++scene.heard === WATCHERS) scene.all();
  };
  const begun = [];
  for (let at = 0; at < WATCHERS; at++) {
    if (at % 2 === 0) {
      const watch = registry.watch('cart');
      begun.push(watch.next());
      void (async () => {
        for await (const change of watch) hear(change);
      })();
    } else {
      begun.push(
        new Promise(resolve => {
          registry.watch('cart', change => (change.previous === undefined ? resolve() : hear(change)));
        }),
      );
    }
  }
  await Promise.all(begun);
  return scene;
}

async function changeOne(scene, round) {
  scene.heard = 0;
  const all = new Promise(resolve => {
    scene.all = resolve;
  });
  const registration = scene.registrations[(round * 7919) % INSTANCES];
  const start = performance.now();
  registration.update({ weight: 1 + (round % 5), metadata: { round: `${round}` } });
  await all;
  return performance.now() - start;
}

async function measure(_, { rounds }) {
  const scene = await sceneOf();
  const times = [];
  for (let round = 0; round < 10; round++) await changeOne(scene, round);
  for (let round = 10; round < 10 + 4 * rounds; round++) times.push(await changeOne(scene, round));
  times.sort((a, b) => a - b);
  const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
  const rows = [{ subject: 'keelson', instances: INSTANCES, watchers: WATCHERS, p50Ms: p50, p99Ms: p99 }];
  const verdict = p50 <= TARGET_MS ? 'met' : 'missed';
  const failures =
    scene.wrong === 0 ? [] : [`keelson fails its check: ${scene.wrong} changes were told wrong`];
  await scene.registry.close();
  return {
    rows,
    lines: [
      `keelson  median ${p50.toFixed(2)} ms, 99th percentile ${p99.toFixed(2)} ms until all have heard`,
      `target: at most ${TARGET_MS} ms in the median: ${verdict}`,
    ],
    notes: [],
    failures,
  };
}

export const group = {
  name: 'watchers',
  title: `one change of ${INSTANCES} instances reaches ${WATCHERS} watchers, in memory`,
  measure,
};
