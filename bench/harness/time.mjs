import { makeDriver, roundUp, turn } from './drivers.mjs';
import { median, seeded, shuffled, spread } from './stats.mjs';

async function sample(cell) {
  await turn();
  const start = process.hrtime.bigint();
  await cell.drive(cell.calls);
  return Number(process.hrtime.bigint() - start) / cell.calls;
}

/** Runs the loop for a while and returns ns per call as last seen, by then compiled. */
async function warm(cell, forMs) {
  const until = performance.now() + forMs;
  cell.calls = cell.inflight;
  let ns = 0;
  do {
    ns = await sample(cell);
    if (ns * cell.calls < 1e6) cell.calls *= 2;
  } while (performance.now() < until);
  return ns;
}

async function timeTogether(cells, settings, random) {
  for (let pass = 0; pass < 3; pass++) {
    for (const cell of shuffled(cells, random)) cell.warmNs = await warm(cell, settings.warmMs / 3);
  }
  for (const cell of cells) {
    cell.calls = roundUp((settings.sampleMs * 1e6) / cell.warmNs, cell.inflight);
    cell.ns = [];
  }
  for (let round = 0; round < settings.rounds; round++) {
    for (const cell of shuffled(cells, random)) cell.ns.push(await sample(cell));
  }
}

/**
 * Times all subjects of one group against each other. Each round runs every subject once, in shuffled order;
 * differences and ratios are taken against the bare call of the same round, so that a neighbour who slows the
 * machine for a second slows both sides of the pair.
 */
export async function timeGroup(group, subjects, settings) {
  const random = seeded(settings.seed);
  const rows = [];
  for (const inflight of group.inflight) {
    const cells = subjects.map(({ name, make }) => ({
      name,
      inflight,
      drive: makeDriver(make(group.settings, group.operation), inflight, group.rejects),
    }));
    await timeTogether(cells, settings, random);
    const bare = cells.find(cell => cell.name === 'bare').ns;
    for (const { name, ns } of cells) {
      const over = ns.map((value, round) => value - bare[round]);
      rows.push({
        group: group.name,
        subject: name,
        inflight,
        ns: median(ns),
        nsOver: median(over),
        nsSpread: spread(over),
        ratio: median(ns.map((value, round) => value / bare[round])),
      });
    }
  }
  return rows;
}
