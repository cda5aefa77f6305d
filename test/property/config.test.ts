import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import schema from '../../schema.json' with { type: 'json' };
import { pipeline } from '../../src/kernel/pipeline.js';
import { type PipelineConfig, pipelineFrom } from '../../src/resilience/pipeline-config.js';
import { policyKinds } from '../../src/resilience/policy-kinds.js';
import { everyExtra, type Maker } from '../fixtures/any-options.js';
import { anyOfKind, anyPolicy } from '../fixtures/any-policy.js';
import { isValid } from '../house/rules/json-schema.js';

const parsed = (text: string): PipelineConfig => JSON.parse(text) as PipelineConfig;
const tell = (makers: readonly Maker[]): string =>
  JSON.stringify(pipeline(...makers.map(make => make('*'))).describe());
const again = (text: string): string => JSON.stringify(pipelineFrom(parsed(text), everyExtra).describe());

describe('what a policy describes', () => {
  it('is known of every kind', () => {
    expect(Object.keys(anyOfKind).sort()).toEqual(Object.keys(policyKinds).sort());
  });

  it.each(Object.entries(anyOfKind))('makes one that describes the same: %s', (kind, maker) => {
    fc.assert(
      fc.property(maker, make => {
        const text = tell([make]);
        expect(parsed(text).pipeline).toMatchObject([{ kind }]);
        expect(again(text)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it('makes the same when it stands in a pipeline, nested or not', () => {
    let nested = 0;
    fc.assert(
      fc.property(fc.array(anyPolicy, { maxLength: 5 }), makers => {
        const text = tell(makers);
        if (/"policy":.*"policy":/.test(text)) nested++;
        expect(again(text)).toBe(text);
      }),
      { numRuns: 300 },
    );
    expect(nested).toBeGreaterThan(30);
  });

  it('keeps to the schema, but for the kinds of the user', () => {
    let checked = 0;
    fc.assert(
      fc.property(anyPolicy, make => {
        const text = tell([make]);
        if (text.includes('"kind":"mine"')) return;
        checked++;
        expect({ text, valid: isValid(parsed(text), schema) }).toEqual({ text, valid: true });
      }),
      { numRuns: 300 },
    );
    expect(checked).toBeGreaterThan(100);
  });
});
