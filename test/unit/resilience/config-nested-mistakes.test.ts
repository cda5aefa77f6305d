import { describe, expect, it } from 'vitest';
import { mistakesOf } from '../../fixtures/config.js';

const timeout = { kind: 'timeout', timeoutMs: 5 };
const bulkhead = { kind: 'bulkhead', slots: 1 };

describe('mistakes in what stands inside', () => {
  const bare = { kind: 'bare' };
  const kinds = { bare: () => ({ enter: () => 1, exit() {} }), none: () => undefined as never };

  it.each<[object, ...string[]]>([
    [{ kind: 'keyed', maxKeys: 1 }, 'policy must be a policy or a list of policies, and is missing'],
    [
      { kind: 'keyed', maxKeys: 1, policy: 'timeout' },
      'policy must be a policy or a list of policies, got "tim',
    ],
    [{ kind: 'keyed', maxKeys: 1, policy: null }, 'policy must be a policy or a list of policies, got null'],
    [{ kind: 'keyed', maxKeys: 1, policy: [[timeout]] }, 'policy[0] must be an object, got a list'],
    [
      { kind: 'keyed', maxKeys: 0, policy: [{ kind: 'bulkhead', slots: 0 }], idelMs: 5 },
      'policy[0].slots must be an integer >= 1, got 0',
      'idelMs is unknown; did you mean `idleMs`?',
      'maxKeys must be an integer >= 1 <= 10000000, got 0',
    ],
    [
      {
        kind: 'keyed',
        maxKeys: 1,
        polic: 1,
        policy: { kind: 'streamed', policy: [bulkhead, { kind: 'retri' }] },
      },
      'policy.policy[1].kind must be',
      'polic is unknown; did you mean `policy`?',
    ],
    [
      { kind: 'shadow', policy: { kind: 'retry' } },
      'policy must be a guard, as a bulkhead or a breaker is, got "retry"',
    ],
    [
      { kind: 'shadow', policy: [timeout] },
      'policy must be a guard, as a bulkhead or a breaker is, got something else',
    ],
    [{ kind: 'shadow', policy: { kind: 'keyed', maxKeys: 1, policy: [] } }, 'policy must be a guard'],
    [
      { kind: 'shadow', enforceRatio: 2, ratio: 1, policy: { kind: 'cache' } },
      'policy.ttlMs must be a number >= 0, or Infinity, and is missing',
      'ratio is unknown; known are enforceRatio, name, policy',
      'enforceRatio must be a number >= 0 <= 1, got 2',
    ],
    [
      { kind: 'streamed', policy: bare },
      'policy must be a policy, got the guard something else: put it into a list',
    ],
    [
      { kind: 'streamed', policy: { kind: 'none' } },
      'policy must make a policy or a guard: extras.kinds made undef',
    ],
    [
      { kind: 'keyed', key: 'who', maxKeys: 1, policy: bare },
      'key names "who", but extras.key holds nothing',
    ],
    [{ kind: 'retry', policy: timeout }, 'policy is unknown; known are'],
    [
      { kind: 'adaptive-limiter', partitions: { 'a b': 2 } },
      'partitions["a b"] must be a number >= 0 <= 1, got 2',
    ],
    [
      { kind: 'adaptive-limiter', partitions: { 'a.b': null } },
      'partitions["a.b"] must be a number >= 0 <= 1, got null',
    ],
  ])('are told with their path: %j', (entry, ...messages) => {
    const found = mistakesOf({ pipeline: [timeout, entry] }, { kinds });
    expect(found).toEqual(
      messages.map(message => expect.stringMatching(new RegExp(`^pipeline\\[1\\]\\.${escaped(message)}`))),
    );
  });

  it('take no bare guard for none: a list makes a pipeline of it', () => {
    expect(mistakesOf({ pipeline: [{ kind: 'streamed', policy: [bare] }] }, { kinds })).toEqual([]);
    expect(mistakesOf({ pipeline: [{ kind: 'keyed', maxKeys: 1, policy: bare }] }, { kinds })).toEqual([]);
  });
});

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
