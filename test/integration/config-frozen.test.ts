import { expect, it } from 'vitest';
import { runProgram } from './child-program.js';

const program = `
  import { pipelineFrom } from 'keelson';

  for (const shared of [Object, Array, Function, Map, Set, Promise, RegExp]) {
    Object.freeze(shared.prototype);
    Object.freeze(shared);
  }
  const retry = { kind: 'retry', attempts: 2, backoff: { kind: 'constant', delayMs: 0 }, budget: 'reads' };
  const breaker = { kind: 'circuit-breaker', name: 'of *', window: { ms: 10_000 } };
  const policies = [
    { kind: 'fallback', value: { toString: 'mine', valueOf: 5 } },
    { kind: 'keyed', maxKeys: 5, policy: [retry, breaker, { kind: 'timeout', timeoutMs: null }] },
    { kind: 'adaptive-limiter', partitions: { toString: 0.5, a: 0.1 } },
    { kind: 'shadow', policy: { kind: 'bulkhead', slots: 5 } },
    { kind: 'streamed', policy: [{ kind: 'hedge', idempotent: true, quantile: {} }] },
  ];
  const config = JSON.parse(JSON.stringify({ pipeline: policies, budgets: { reads: { reserve: 5 } } }));
  const made = pipelineFrom(config);
  const again = pipelineFrom(JSON.parse(JSON.stringify(made.describe())));
  const words = await again.execute(async function* () {
    yield 'one';
  }, { key: 'toString' });
  const heard = [];
  for await (const word of words) heard.push(word);
  const bad = ['{ "__proto__": { "polluted": 1 } }', '{ "constructor": { "prototype": { "polluted": 1 } } }'];
  const refused = bad.map(text => {
    try {
      pipelineFrom({ pipeline: [{ kind: 'retry', backoff: JSON.parse(text) }] });
    } catch (error) {
      return error.problems.map(({ path }) => path).join();
    }
  });
  const down = await made.execute(() => Promise.reject(new Error('down')), { key: 'a' });
  console.log(JSON.stringify({
    same: JSON.stringify(made.describe()) === JSON.stringify(again.describe()),
    heard, refused, down, polluted: {}.polluted ?? null,
  }));
`;

it('configs are read where nobody can change what objects inherit', async () => {
  const { stdout, stderr, code } = await runProgram(program);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(JSON.parse(stdout)).toEqual({
    same: true,
    heard: ['one'],
    refused: ['pipeline[0].backoff.__proto__', 'pipeline[0].backoff.constructor'],
    down: { toString: 'mine', valueOf: 5 },
    polluted: null,
  });
});
