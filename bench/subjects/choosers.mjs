// The machines that choose, without the balancer around them: bundled here, for no door leads to them.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const core = name => fileURLToPath(new URL(`../../src/core/${name}.ts`, import.meta.url));

async function machines() {
  const from = name => `export * from ${JSON.stringify(core(name))};`;
  const names = ['balance-turns', 'balance-chance', 'balance-hash', 'balance-maglev'];
  const { outputFiles } = await build({
    stdin: { contents: names.map(from).join('\n'), resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    ...{ bundle: true, format: 'esm', platform: 'neutral', write: false },
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

/** Each way to choose among `count` hosts: `choose(at)` for one, `update(at)` for another weight of it. */
export async function choosers(count) {
  const { RoundRobin, WeightedTurns, WeightedChance, TwoChoices, HashRing, Maglev, Rendezvous } =
    await machines();
  const loadOf = host => (host.inFlight + 1) / host.weight;
  const ways = {
    'round robin': () => new RoundRobin(),
    'weighted turns': () => new WeightedTurns(),
    'weighted chance': () => new WeightedChance(Math.random),
    'two choices': () => new TwoChoices(Math.random, loadOf),
    'hash ring': () => new HashRing(160, Number.POSITIVE_INFINITY),
    maglev: () => new Maglev(65_537, Number.POSITIVE_INFINITY),
    rendezvous: () => new Rendezvous(Number.POSITIVE_INFINITY),
  };
  return Object.entries(ways).map(([name, make]) => {
    const hosts = Array.from({ length: count }, (_, at) => ({
      id: `10.0.${at}:8080`,
      weight: 1,
      inFlight: at % 7,
    }));
    const chooser = make();
    chooser.reset(hosts);
    return {
      name,
      slow: name === 'rendezvous',
      choose: at => chooser.choose(Math.imul(at, 0x9e3779b1), undefined),
      update: at => {
        hosts[at].weight = hosts[at].weight === 1 ? 2 : 1;
        chooser.reset(hosts);
      },
    };
  });
}
