import { expect, it } from 'vitest';
// @ts-expect-error A program has no types.
import { bundleUnits, unitFiles } from './bundle-units.mjs';

it('are bundled for any runtime, but those that need what not every one has', async () => {
  await bundleUnits();
  const all: { needs?: string }[] = unitFiles();
  const kept = all.filter(({ needs }) => needs === undefined);
  expect(kept.length).toBeGreaterThan(all.length / 2);
}, 60_000);
