import { describe, expect, it } from 'vitest';
// @ts-expect-error: a script, which has no declarations.
import { obstacles } from '../../../scripts/release-checks.mjs';

const ready = {
  version: '0.1.0',
  changelog: '# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-12-01\n\n### Added\n\n- All.\n',
  changed: '',
  branch: 'main',
  tags: ['v0.0.9'],
  files: ['bin/keelson.mjs', 'dist/index.js', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
};

describe('what stands in the way of a release', () => {
  it('is nothing when all is ready', () => expect(obstacles(ready)).toEqual([]));

  it.each([
    [{ version: '0.0.0' }, /^package.json has the version 0\.0\.0/],
    [{ version: '0.2' }, /^package.json has the version 0\.2/],
    [{ version: '0.2.0' }, /^CHANGELOG.md has no section "## \[0\.2\.0\]/],
    [{ changelog: '\n## [0.1.0] - soon\n' }, /has no date$/],
    [{ changelog: `\n## [Unreleased]\n\n### Fixed\n\n- It.\n${ready.changelog}` }, /under \[Unreleased\]/],
    [{ changed: ' M src/index.ts' }, /^not everything is committed:\n M src\/index\.ts$/],
    [{ branch: 'next' }, /^this is the branch next/],
    [{ tags: ['v0.1.0'] }, /^the tag v0\.1\.0 is there already$/],
    [{ files: [...ready.files, 'src/index.ts', '.env'] }, /would hold src\/index\.ts, \.env$/],
    [{ files: ['package.json'] }, /^dist\/ is not built/],
  ])('is told of %j', (change, sentence) => {
    expect(obstacles({ ...ready, ...change })).toContainEqual(expect.stringMatching(sentence));
  });
});
