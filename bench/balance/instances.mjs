// Not how fast a choice is, but how good: in simulated time, the same for the same seed on any machine.
const dist = name => import(new URL(`../../dist/${name}.js`, import.meta.url));

const COUNT = 20;
const RATE = 1_000;

/** One ten times as slow, one that fails after a millisecond, one that is well for 3 s and fails for 3 s. */
function troubled(simulation, exponential, durationMs) {
  const instances = Array.from({ length: COUNT }, (_, at) => {
    const id = `server ${at}`;
    return { id, server: simulation.server({ workers: 2, serviceMs: exponential(20), name: id }) };
  });
  instances[0].server.change({ slowness: 10 });
  instances[1].server.change({ slowness: 0.05, failRatio: 1 });
  for (let atMs = 3_000; atMs < durationMs; atMs += 6_000) {
    simulation.at(atMs, () => instances[2].server.change({ failRatio: 1 }));
    simulation.at(atMs + 3_000, () => instances[2].server.change({ failRatio: 0 }));
  }
  return instances;
}

/** With outlier detection and one retry these are to lose less than that. */
const FEW = 0.005;
const CAREFUL = ['least busy', 'peak EWMA'];

async function run(by, { outliers, retries }, { seed, durationMs }) {
  const [{ ServiceProxy }, { Retry }, testing] = await Promise.all(
    ['proxy', 'resilience', 'testing'].map(dist),
  );
  const simulation = new testing.Simulation(seed);
  const { clock } = simulation;
  const proxy = new ServiceProxy({
    service: 'simulated',
    instances: troubled(simulation, testing.exponential, durationMs),
    balancer: { by },
    outliers: outliers ? {} : false,
    ...(retries && { policy: new Retry({ attempts: 2, clock, random: simulation.random() }) }),
    clock,
    random: simulation.random(),
  });
  const report = await simulation.run({
    arrivals: testing.poisson(RATE),
    durationMs,
    callOptions: call => ({ key: `user ${(call * 7919) % 5_000}` }),
    operation: context => proxy.call((own, { server }) => server.request(own), context),
  });
  const { latency, calls, failed, servers, requests } = report;
  return {
    p50Ms: latency.p50Ms,
    p99Ms: latency.p99Ms,
    failedRatio: failed / calls,
    drawnRatio: servers[1].requests / requests,
  };
}

const percent = ratio => (100 * ratio).toFixed(2).padStart(6);

async function measure(_file, { rounds, seed }) {
  const d = await dist('discovery');
  const durationMs = rounds < 10 ? 10_000 : 60_000;
  const bounded = { maxLoadRatio: 1.25 };
  const ways = [
    ...[d.roundRobin(), d.weightedTurns(), d.weightedChance(), d.leastBusy(), d.peakEwma()],
    ...[d.hashRing(bounded), d.maglev(bounded), d.rendezvous(bounded), d.sticky(d.leastBusy())],
  ];
  const rows = [];
  const lines = [
    `${durationMs / 1_000} s of simulated time, ${RATE} calls a second, ${COUNT} instances, half busy`,
    `${'by'.padEnd(20)}  outliers   p50 ms   p99 ms  failed %  to the one that fails %  with one retry %`,
  ];
  for (const by of ways) {
    for (const outliers of [false, true]) {
      const { failedRatio: failedTwice } = await run(by, { outliers, retries: true }, { seed, durationMs });
      const row = {
        group: 'instances',
        subject: by.name,
        ...{ outliers, failedTwice },
        ...(await run(by, { outliers, retries: false }, { seed, durationMs })),
      };
      rows.push(row);
      lines.push(
        [
          by.name.padEnd(20),
          (outliers ? 'ejected' : 'kept').padEnd(8),
          row.p50Ms.toFixed(1).padStart(7),
          row.p99Ms.toFixed(0).padStart(7),
          percent(row.failedRatio).padStart(8),
          percent(row.drawnRatio).padStart(8),
          (100 * failedTwice).toFixed(3).padStart(16),
        ].join('  '),
      );
    }
  }
  const failures = rows
    .filter(({ outliers, failedRatio }) => outliers && failedRatio > 0.025)
    .map(({ subject }) => `${subject}: more than 2.5 % fail although outliers are ejected`);
  const many = rows.filter(
    ({ subject, outliers, failedTwice }) => CAREFUL.includes(subject) && outliers && failedTwice >= FEW,
  );
  failures.push(...many.map(({ subject }) => `${subject}: with one retry 0.5 % or more fail`));
  return { rows, lines, notes: [], failures };
}

export const group = {
  name: 'instances',
  title: 'twenty instances: one slow, one fails at once, one comes and goes',
  measure,
};
