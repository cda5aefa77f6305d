import { describe, expect, it } from 'vitest';
import { runProgram } from './child-program.js';
import { TestServer } from './http-server.js';
import { leakSubjects } from './leak-subjects.js';

interface Measured {
  readonly timers: number;
  readonly listeners: number;
  readonly immediates: number;
  /** In the round in which the heap grew least. */
  readonly grownBytes: number;
}

const CALLS = 1_000_000;

/**
 * `make` declares `policy` and `call(i)`. The heap is measured after each of five rounds of calls: what leaks
 * grows in every round, what is compiled or collected late in some.
 */
const program = (make: string, calls: number): string => `
  import {
    AdaptiveThrottle, Cache, Chaos, Coalesce, Fallback, Hedge, pipeline, RateLimiter, resilientFetch, Retry,
    RetryBudget, Timeout,
  } from 'keelson';
  import { countingSignal } from 'keelson/testing';
  const caller = countingSignal();
  ${make}
  const heap = async () => {
    for (let i = 0; i < 3; i++) {
      gc();
      await new Promise(resolve => setImmediate(resolve));
    }
    return process.memoryUsage().heapUsed;
  };
  async function run(calls) {
    const batch = [];
    for (let i = 0; i < calls; i++) {
      batch.push(call(i));
      if (batch.length < 500) continue;
      await Promise.allSettled(batch);
      batch.length = 0;
      await new Promise(resolve => setImmediate(resolve));
    }
    await Promise.allSettled(batch);
  }
  let grownBytes = Infinity;
  let before = Infinity;
  for (let round = 0; round < 5; round++) {
    await run(${calls / 5});
    const after = await heap();
    if (round > 0) grownBytes = Math.min(grownBytes, after - before);
    before = after;
  }
  const held = kind => process.getActiveResourcesInfo().filter(one => one === kind).length;
  console.log(JSON.stringify({
    timers: held('Timeout'), immediates: held('Immediate'), listeners: caller.listeners(), grownBytes,
  }));
`;

const fused = `
  class Recorder {
    inside = 0;
    enter() { this.inside++; return this; }
    exit() { this.inside--; }
  }
  class PerCall extends Recorder {
    enter() { this.inside++; return { mine: true }; }
  }
  class Line extends Recorder {
    line = [];
    enter() { return undefined; }
    wait(call) {
      this.line.push(call);
      if (this.line.length === 1) queueMicrotask(() => this.serve());
      return call;
    }
    serve() { for (const next of this.line.splice(0)) next.admit(this); }
    withdraw(call) { this.line = this.line.filter(other => other !== call); }
    exit() {}
  }
`;

const subjects: readonly (readonly [string, number, string])[] = [
  [
    'Timeout',
    CALLS,
    `const policy = new Timeout({ timeoutMs: 60_000 });
     const call = i => policy.execute(() => i);`,
  ],
  [
    'Timeout with the signal and the deadline of the caller',
    CALLS / 5,
    `const policy = new Timeout({ timeoutMs: 60_000 });
     const options = { signal: caller.signal, timeoutMs: 30_000 };
     const call = i => policy.execute(async context => { await null; return context.signal; }, options);`,
  ],
  [
    'Timeout whose every call runs out of time',
    CALLS / 20,
    `const policy = new Timeout({ timeoutMs: 1 });
     const call = i => policy.execute(() => new Promise(() => {}), { signal: caller.signal });`,
  ],
  [
    'Retry with a budget',
    CALLS,
    `const policy = new Retry({ budget: new RetryBudget() });
     const call = i => policy.execute(() => i);`,
  ],
  [
    'Retry whose every call fails at first, with the signal of the caller',
    CALLS / 20,
    `const budget = new RetryBudget({ retryRatio: 1, reserve: 1_000_000, minPerSecond: 1_000_000 });
     const policy = new Retry({ backoff: { kind: 'constant', delayMs: 0 }, budget });
     const operation = ({ attempt }) => attempt > 1 ? attempt : Promise.reject(new Error('busy'));
     const call = () => policy.execute(operation, { signal: caller.signal });`,
  ],
  [
    'RetryBudget that is exhausted',
    CALLS,
    `const budget = new RetryBudget({ reserve: 1, minPerSecond: 0 });
     const call = i => { if (i % 2 === 0) budget.deposit(); return budget.withdraw(); };`,
  ],
  [
    'Fallback',
    CALLS,
    `const classify = ({ ok, value }) => (ok && value % 2 ? 'failure' : undefined);
     const policy = new Fallback({ value: 0, classify });
     const call = i => policy.execute(() => i);`,
  ],
  [
    'Fallback that answers errors, with the signal of the caller',
    CALLS / 5,
    `const policy = new Fallback({ run: [async () => { throw new Error('first'); }, () => 1] });
     const call = () => policy.execute(() => Promise.reject(new Error('busy')), { signal: caller.signal });`,
  ],
  [
    'resilientFetch with one signal for all, whose bodies nobody reads',
    CALLS / 50,
    // The very last answer may be reachable for some time yet: that one has no body.
    `const policy = resilientFetch({ fetch: async (url, { signal }) => {
       signal.addEventListener('abort', () => {});
       return new Response(url.endsWith('99') ? null : 'body');
     } });
     const call = i => policy('http://stock.example/' + i, { signal: caller.signal });`,
  ],
  [
    'a fused stack of guards',
    CALLS,
    `${fused}
     const timeout = new Timeout({ timeoutMs: 60_000 });
     const policy = pipeline(new Recorder(), new PerCall(), timeout, new Recorder());
     const call = i => policy.execute(() => i);`,
  ],
  [
    'a fused stack of guards in which each call waits',
    CALLS / 5,
    `${fused}
     const policy = pipeline(new Recorder(), new Line(), new PerCall());
     const call = i => policy.execute(async () => i, { signal: caller.signal });`,
  ],
];

describe('nothing is left of many calls through', { timeout: 120_000 }, () => {
  it.each([...subjects, ...leakSubjects])('%s (%d)', async (_name, calls, make) => {
    const end = await runProgram(program(make, calls), {
      nodeFlags: ['--expose-gc'],
      killAfterMs: 90_000,
    });
    expect(end).toMatchObject({ code: 0, stderr: '' });
    const measured = JSON.parse(end.stdout) as Measured;
    expect(measured).toMatchObject({ timers: 0, immediates: 0, listeners: 0 });
    // The smallest thing that could be kept for each call is a pointer.
    expect(measured.grownBytes).toBeLessThan(calls);
  });
});

describe('the body of an answer', { timeout: 60_000 }, () => {
  it('is still ended by the signal of its caller after everything that could be collected is', async () => {
    await using server = await TestServer.start((_, response) => response.writeHead(200).write('begin'));
    const end = await runProgram(
      `
      import { resilientFetch } from 'keelson';
      const fetch = resilientFetch();
      const caller = new AbortController();
      const heard = [];
      const read = async () => {
        const response = await fetch('${server.url}', { signal: caller.signal });
        response.text().then(() => heard.push('an end'), error => heard.push(error.message));
      };
      await Promise.all(Array.from({ length: 20 }, read));
      for (let i = 0; i < 5; i++) {
        gc();
        await new Promise(resolve => setTimeout(resolve, 5));
      }
      caller.abort(new Error('enough'));
      await new Promise(resolve => setTimeout(resolve, 50));
      console.log(JSON.stringify(heard));
      process.exit();
      `,
      { nodeFlags: ['--expose-gc'] },
    );
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(end.stdout)).toEqual(new Array(20).fill('enough'));
  });
});
