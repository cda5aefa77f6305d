import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The quickest killers first: the run of a mutant ends with the first test that fails. */
const order = ['/test/unit/core/', '/test/unit/kernel/', '/test/unit/', '/test/property/', '/test/model/'];

const rank = ({ moduleId }: TestSpecification): number => order.findIndex(part => moduleId.includes(part));

class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const byName = [...files].sort((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
    return byName.sort((a, b) => rank(a) - rank(b));
  }
}

/** For Stryker alone, which sets `MUTATION_TESTS` to the patterns of a group. */
export default defineConfig({
  test: {
    include: (process.env['MUTATION_TESTS'] ?? '').split(','),
    setupFiles: ['test/setup.ts'],
    sequence: { sequencer: QuickestFirst },
    // One thread for all files of a run, and a new one for the next run: starting them is most of the work.
    isolate: false,
    testTimeout: 120_000,
  },
});
