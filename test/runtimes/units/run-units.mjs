// The entry of the bundle; `unit-files` is made by bundle-units.mjs: a function to load each test file.
import files from 'unit-files';
import { collect, perform } from './vitest.mjs';

const LIMIT_MS = 20_000;

/** Runs every test, and answers as `runSuite` does. */
export async function runUnits() {
  const lines = [];
  for (const [file, load] of Object.entries(files)) {
    for (const test of collect(load)) {
      const name = `${file}: ${test.name}`;
      try {
        await perform(test, LIMIT_MS);
        lines.push({ name });
      } catch (error) {
        lines.push({ name, failed: String(error?.stack ?? error) });
      }
    }
  }
  return lines;
}
