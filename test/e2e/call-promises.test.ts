import { describe, expect, it } from 'vitest';

// The demo is plain JavaScript, which the tests know no types of.
const load = (name: string) => import(/* @vite-ignore */ `../../examples/call/${name}.mjs`);
const { checkPromises, MAX_STALL_MS, verdictOf } = await load('promises');
const { Ledger } = await load('ledger');
const { phases, starts } = await load('schedule');

interface Service {
  phases: { requests: number; peak: number }[];
  twice: number;
  repeats: number;
}

function service(requestsWhileSick: number): Service {
  const seen = (phase: { sick?: boolean }) => ({ requests: phase.sick ? requestsWhileSick : 100, peak: 10 });
  return { phases: phases.map(seen), twice: 0, repeats: 3 };
}

/** A client for which 20 calls of each phase were answered at once. */
function ledger() {
  const client = new Ledger();
  for (const [phase, at] of starts.slice(0, -1).entries()) {
    for (let i = 0; i < 20; i++) {
      client.sent++;
      client.counts.answered++;
      const kind = i % 2 === 0 ? 'price' : 'charge';
      client.entries.push({ phase, kind, at: at + i / 10, waitMs: 10, doneAt: at + i / 10, end: 'answered' });
    }
  }
  return client;
}

function goodRun() {
  const services = { bare: service(200), keelson: service(20) };
  const saga = {
    orders: 40,
    completed: 26,
    undone: 14,
    halfDone: 0,
    twice: 0,
    takenOver: 9,
    takeoverMs: 1_100,
  };
  return { bare: ledger(), keelson: ledger(), services, saga, stallMs: 5, leftovers: [] as string[] };
}

type Run = ReturnType<typeof goodRun>;

/** What spoils a good run such that this promise, and no other, is broken. */
const spoilers: Readonly<Record<string, (run: Run) => void>> = {
  wait: ({ keelson }) => {
    keelson.entries[0].waitMs = 2_500;
  },
  load: ({ services }) => {
    services.keelson.phases[3]!.requests = 500;
  },
  repair: ({ keelson }) => {
    for (const entry of keelson.entries) {
      if (phases[entry.phase].mood === 'flaky' && entry.kind === 'charge') entry.end = 'failed';
    }
  },
  prices: ({ keelson }) => {
    keelson.entries[0].end = 'rejected';
  },
  crowd: ({ services }) => {
    services.keelson.phases[2]!.peak = 80;
  },
  recovery: ({ keelson }) => {
    for (const entry of keelson.entries) if (entry.phase === phases.length - 1) entry.end = 'fallback';
  },
  once: ({ services }) => {
    services.keelson.twice = 1;
  },
  accounts: ({ keelson }) => {
    keelson.counts.answered--;
  },
  saga: ({ saga }) => {
    saga.completed--;
    saga.halfDone++;
  },
  takeover: ({ saga }) => {
    saga.takeoverMs = 2_500;
  },
  leftovers: run => {
    run.leftovers.push('Timeout');
  },
};

const verdict = (run: Run): string => verdictOf(checkPromises(run), run.stallMs);
const broken = (run: Run): string[] =>
  checkPromises(run)
    .filter(({ kept }: { kept: boolean }) => !kept)
    .map(({ name }: { name: string }) => name);

describe('the promises of the demo', () => {
  it('hold for a good run', () => {
    expect(broken(goodRun())).toEqual([]);
    expect(verdict(goodRun())).toBe('kept');
  });

  it('are all spoilt below', () => {
    expect(checkPromises(goodRun()).map(({ name }: { name: string }) => name)).toEqual(Object.keys(spoilers));
  });

  it.each(Object.entries(spoilers))(
    '%s is broken by a run that spoils it, and nothing else is',
    (name, spoil) => {
      const run = goodRun();
      spoil(run);
      expect(broken(run)).toEqual([name]);
      expect(verdict(run)).toBe('broken');
    },
  );

  it.each([
    ['recovery', 'unclear'],
    ['once', 'broken'],
  ])('%s, when the machine stood still, makes the verdict %s', (name, expected) => {
    const run = goodRun();
    run.stallMs = MAX_STALL_MS;
    spoilers[name]!(run);
    expect(verdict(run)).toBe('broken');
    run.stallMs++;
    expect(verdict(run)).toBe(expected);
  });
});
