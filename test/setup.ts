import fc from 'fast-check';

/** CI runs one fixed seed; elsewhere every run is new. fast-check prints seed and path of what fails. */
const seed = process.env['FC_SEED'] ?? (process.env['CI'] ? '20260101' : undefined);
fc.configureGlobal({
  numRuns: Number(process.env['FC_RUNS'] ?? 300),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});
