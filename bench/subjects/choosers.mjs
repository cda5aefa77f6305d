// The machines that choose, without the balancer around them: bundled here, for no door leads to them.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const core = name => fileURLToPath(new URL(`../../src/core/${name}.ts`, import.meta.url));

async function bundled() {
  const from = name => `export * from ${JSON.stringify(core(name))};`;
  const names = [
    ...['balance-turns', 'balance-chance', 'balance-hash', 'balance-maglev', 'balance-ring', 'host-load'],
    'hash',
  ];
  const { outputFiles } = await build({
    stdin: { contents: names.map(from).join('\n'), resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    ...{ bundle: true, format: 'esm', platform: 'neutral', target: 'node20.19', write: false },
  });
  return outputFiles[0].text;
}

/**
 * A loop that is compiled for one subject alone: what one learns of types must not slow the next. It does not
 * look at whom it is given, which would cost more than the choice where there are ten thousand.
 */
const loopOf = choice =>
  new Function(
    ...['chooser', 'hash32', 'keys', 'times'],
    `let none = 0; for (let at = 0; at < times; at++) if (${choice} === undefined) none++; return none;`,
  );

const KEYS = Array.from({ length: 1024 }, (_, at) => `user ${at}`);

const ways = {
  'round robin': m => new m.RoundRobin(),
  'weighted turns': m => new m.WeightedTurns(),
  'weighted chance': m => new m.WeightedChance(Math.random),
  'two choices': (m, loads) => new m.TwoChoices(Math.random, slot => loads.byInFlight(slot, 0)),
  'peak EWMA': (m, loads) => new m.TwoChoices(Math.random, slot => loads.byLatency(slot, 1_000)),
  'hash ring': m => new m.HashRing(160, Number.POSITIVE_INFINITY),
  maglev: m => new m.Maglev(65_537, Number.POSITIVE_INFINITY),
  rendezvous: m => new m.Rendezvous(Number.POSITIVE_INFINITY),
};
const byKey = new Set(['hash ring', 'maglev', 'rendezvous']);

/** `count` hosts that are busy and have answered already. */
function hostsOf(count, loads) {
  return Array.from({ length: count }, (_, at) => {
    const slot = loads.take();
    for (let calls = 0; calls < at % 7; calls++) loads.count(slot, 1);
    loads.succeed(slot, 1 + (at % 13), at % 1_000);
    return { id: `10.0.${at}:8080`, slot, weight: 1, inFlight: at % 7 };
  });
}

/**
 * Each way to choose among `count` hosts: `run(times)` chooses so often, ways that go by the key with one
 * that is hashed each time; `update(at)` gives one of them another weight. Each has a copy of the code of its
 * own.
 */
export async function choosers(count) {
  const text = await bundled();
  const makings = Object.entries(ways).map(async ([name, make], at) => {
    const m = await import(`data:text/javascript,${encodeURIComponent(`${text}\n// ${count} ${at}`)}`);
    const loads = new m.HostLoads(10_000);
    const hosts = hostsOf(count, loads);
    const chooser = make(m, loads);
    chooser.reset(hosts);
    const key = byKey.has(name) ? 'hash32(keys[at & 1023])' : '-1';
    const loop = loopOf(`chooser.choose(${key}, undefined)`);
    return {
      name,
      slow: name === 'rendezvous',
      run: times => loop(chooser, m.hash32, KEYS, times),
      update: at => {
        hosts[at].weight = hosts[at].weight === 1 ? 2 : 1;
        chooser.reset(hosts);
      },
    };
  });
  return Promise.all(makings);
}
