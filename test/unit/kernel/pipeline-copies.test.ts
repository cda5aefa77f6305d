import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Policy } from '../../../src/kernel/policy.js';
import { type Log, Recorder } from './recording-guards.js';

describe('a policy of another copy of the package', () => {
  it('is a stage like any other', async () => {
    vi.resetModules();
    const copy = await import('../../../src/kernel/pipeline.js');
    const log: Log = [];
    const foreign = copy.pipeline(new Recorder(log, 'b')) as unknown as Policy;
    const caller = new AbortController();
    const options = { key: 'k', signal: caller.signal, timeoutMs: 60_000 };
    const answer = await pipeline(new Recorder(log, 'a'), foreign, new Recorder(log, 'c')).execute(
      ({ key, signal, deadline }) => [key, signal === caller.signal, deadline < Infinity],
      options,
    );
    expect(answer).toEqual(['k', true, true]);
    expect(log.filter(line => line.startsWith('enter'))).toEqual(['enter a', 'enter b', 'enter c']);
  });
});
