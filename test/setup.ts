import fc from 'fast-check';
import { vi } from 'vitest';

/** CI runs one fixed seed; elsewhere every run is new. fast-check prints seed and path of what fails. */
const seed = process.env['FC_SEED'] ?? (process.env['CI'] ? '20260101' : undefined);
fc.configureGlobal({
  // A `maxLength` without a `size` would mean arrays of about ten: windows and circuits need longer lives.
  defaultSizeToMaxWhenMaxSpecified: true,
  numRuns: Number(process.env['FC_RUNS'] ?? 300),
  // Whoever wants to know only whether a property holds needs no small counterexample.
  endOnFailure: process.env['FC_SHRINK'] === 'no',
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});

// A hundred times the runs take as long as they take. Said for each file: a module is loaded once for all.
if (process.env['FUZZ'] === 'long') vi.setConfig({ testTimeout: 3_600_000 });
