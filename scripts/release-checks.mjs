/**
 * What stands in the way of a release, as sentences.
 *
 * @param {{
 *   version: string, changelog: string, changed: string, branch: string, tags: readonly string[],
 *   files: readonly string[],
 * }} state
 * @returns {string[]}
 */
export function obstacles({ version, changelog, changed, branch, tags, files }) {
  const found = [];
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version) || version === '0.0.0') {
    found.push(`package.json has the version ${version}: give it the one to release`);
  }
  const at = changelog.indexOf(`\n## [${version}] - `);
  if (at < 0) found.push(`CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD"`);
  else if (!/^\n## \[[^\]]+\] - \d{4}-\d{2}-\d{2}\n/.test(changelog.slice(at))) {
    found.push(`the section of ${version} in CHANGELOG.md has no date`);
  }
  if (/\n## \[Unreleased\]\n+###/.test(changelog)) {
    found.push('CHANGELOG.md has changes under [Unreleased]: move them to the version');
  }
  if (changed !== '') found.push(`not everything is committed:\n${changed}`);
  if (branch !== 'main') found.push(`this is the branch ${branch}: releases are made of main`);
  if (tags.includes(`v${version}`)) found.push(`the tag v${version} is there already`);
  const strange = files.filter(path => !/^(bin|dist)\/|^(CHANGELOG|LICENSE|README)|\.json$/.test(path));
  if (strange.length > 0) found.push(`the package would hold ${strange.join(', ')}`);
  if (!files.some(path => path === 'dist/index.js')) found.push('dist/ is not built: run `npm run build`');
  return found;
}
