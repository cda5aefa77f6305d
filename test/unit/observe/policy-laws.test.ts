import * as api from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { describe, it } from 'vitest';
import { Meter } from '../../../src/observe/meter.js';
import { Traced } from '../../../src/observe/traced.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';

const tracer = new BasicTracerProvider().getTracer('laws');

describe('a meter', () => {
  for (const law of policyLaws(clock => new Meter({ clock }))) it(law.name, law.check);
});

describe('a meter that is off', () => {
  for (const law of policyLaws(clock => new Meter({ clock, enabled: false }))) it(law.name, law.check);
});

describe('a traced call', () => {
  for (const law of policyLaws(clock => new Traced({ api, tracer, clock }))) it(law.name, law.check);
});
