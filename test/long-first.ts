import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// A file that takes long and begins last leaves all cores but one without work, and vitest knows how long
// each takes only where it has run before. Those of 20 s and more on two slow cores, the longest first.
const long = [
  'test/integration/leaks.test.ts',
  'test/house/snippets.test.ts',
  'test/e2e/examples.test.ts',
  'test/services/outbox-brokers.test.ts',
  'test/services/rabbit-faults.test.ts',
  'test/e2e/call.test.ts',
  'test/e2e/shop.test.ts',
  'test/integration/site/site.test.ts',
  'test/integration/package/init.test.ts',
  'test/integration/package/compilers.test.ts',
  'test/e2e/dashboard/panels.test.ts',
  'test/e2e/shop-servers.test.ts',
  'test/fault/saga-pglite.test.ts',
  'test/services/etcd-fleet.test.ts',
  'test/services/saga-on-stores.test.ts',
  'test/services/postgres-process.test.ts',
  'test/services/etcd-faults.test.ts',
  'test/services/mqtt-faults.test.ts',
  'test/services/etcd-laws.test.ts',
  'test/fault/explore-saga.test.ts',
  'test/integration/package/command.test.ts',
];

/** The order of vitest, but that in each project what is known to take long comes first. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = (file: TestSpecification): number => {
      const found = long.indexOf(relative(this.ctx.config.root, file.moduleId));
      return found < 0 ? long.length : found;
    };
    const projects = new Map<unknown, TestSpecification[]>();
    for (const file of await super.sort(files)) {
      projects.set(file.project, [...(projects.get(file.project) ?? []), file]);
    }
    return [...projects.values()].flatMap(those => those.sort((a, b) => place(a) - place(b)));
  }
}
