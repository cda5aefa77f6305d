import { describe, expect, it } from 'vitest';
import { PatternTable } from '../../src/core/pattern-table.js';
import { retryAfterMs } from '../../src/core/retry-after.js';
import { checkPattern, matchesPattern } from '../../src/core/topic-pattern.js';
import { pipelineFrom } from '../../src/resilience/pipeline-config.js';
import { Timeout } from '../../src/resilience/timeout.js';
import { long } from './effort.js';

const refused = (work: () => unknown): void => {
  try {
    work();
  } catch {
    // That it is refused is tested elsewhere.
  }
};
const timeout = new Timeout({ timeoutMs: 5 });
const named = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`field${i}`, value]));

/** What is read for an input of a size: the input is made before, and not measured. */
const readers: Record<string, (size: number) => () => unknown> = {};
const reader = <T>(name: string, make: (size: number) => T, read: (input: T) => unknown): void => {
  readers[name] = size => {
    const input = make(size);
    return () => read(input);
  };
};

const header = (text: string): unknown => retryAfterMs(text, 0, 60_000);
reader('a Retry-After of digits', size => '1'.repeat(size), header);
reader('a Retry-After of digits that ends otherwise', size => `${'1'.repeat(size)}x`, header);
reader('a Retry-After of blanks', size => `${' '.repeat(size)}x${' '.repeat(size)}`, header);
reader('a Retry-After that begins as a date', size => `Sun, 06 Nov ${'1'.repeat(size)} GMT`, header);
reader('a Retry-After of days', size => 'Sunday, '.repeat(size / 8), header);
reader(
  'a config of many policies',
  size => ({ pipeline: Array.from({ length: size / 64 }, () => ({ kind: 'timeout', timeoutMs: 5 })) }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config of many mistakes',
  size => ({ pipeline: Array.from({ length: size / 64 }, () => ({ kind: 'timeuot', timeoutMs: 'x' })) }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with a long kind',
  size => ({ pipeline: [{ kind: 'retry'.repeat(size / 5) }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with a long field',
  size => ({ pipeline: [{ kind: 'retry', ['`; known are '.repeat(size / 12)]: 1 }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with many fields beside the pipeline',
  size => ({ pipeline: [], ...named(size / 64, 1) }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with many unknown fields in a policy',
  size => ({ pipeline: [{ kind: 'timeout', timeoutMs: 5, ...named(size / 64, 1) }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'a config with many unknown parts of an option',
  size => ({ pipeline: [{ kind: 'retry', backoff: { kind: 'linear', ...named(size / 64, 1) } }] }),
  config => refused(() => pipelineFrom(config)),
);
reader(
  'call options with many fields',
  size => named(size / 64, 1),
  options => timeout.execute(() => 1, options).catch(() => {}),
);
reader(
  'call options with a long field',
  size => ({ ['x'.repeat(size)]: 1 }),
  options => timeout.execute(() => 1, options).catch(() => {}),
);
reader('a pattern of dots', size => '.'.repeat(size), checkPattern);
reader('a pattern of one token', size => 'a'.repeat(size), checkPattern);
reader(
  'a topic of many tokens beside a pattern of wildcards',
  size => 'a.'.repeat(size / 2),
  topic => matchesPattern('*.'.repeat(topic.length / 2), topic),
);
reader(
  'a topic of many tokens in a table of wildcards',
  size => 'a.'.repeat(size / 2),
  topic => {
    const table = new PatternTable<number>(100);
    for (let i = 0; i < 32; i++) table.add(`${'*.'.repeat(i)}>`, i);
    return table.find(topic);
  },
);

/** The shortest of several times: what else the machine did in between only makes one longer. */
async function shortestMs(read: () => unknown): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 7; i++) {
    const startedAt = performance.now();
    await read();
    shortest = Math.min(shortest, performance.now() - startedAt);
  }
  return shortest;
}

describe('the time that an input takes', () => {
  // An input that took the square of its length would take minutes: no clock is needed to see that.
  it.each(Object.entries(readers))('is bounded: %s', { timeout: 20_000 }, async (_name, make) => {
    await make(2 ** 20)();
  });

  it.runIf(long).each(Object.entries(readers))('doubles with its length: %s', async (_name, make) => {
    let size = 2 ** 16;
    while (size < 2 ** 24 && (await shortestMs(make(size))) < 2) size *= 2;
    // Three rounds: that time grows faster has to be seen in all of them.
    const ratios: number[] = [];
    for (let round = 0; round < 3; round++) {
      const single = await shortestMs(make(size));
      ratios.push((await shortestMs(make(2 * size))) / Math.max(single, 1));
    }
    expect(Math.min(...ratios)).toBeLessThan(2.5);
  });
});
