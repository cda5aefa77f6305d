import { inChild } from './fork.mjs';
import { callTable } from './table.mjs';
import { judge } from './targets.mjs';

async function addBytes(rows, names, file, settings) {
  const bytes = new Map();
  for (const name of names) {
    for (const each of await inChild(file, 'bytes', name, settings))
      bytes.set(`${name} ${each.inflight}`, each.bytes);
  }
  for (const row of rows) {
    const own = bytes.get(`${row.subject} ${row.inflight}`);
    const bare = bytes.get(`bare ${row.inflight}`);
    row.bytesOver = own === null || bare === null ? null : own - bare;
  }
}

/** Checks every subject, times those that pass together, and weighs each of them alone. */
async function measure(group, file, settings) {
  const verdicts = await inChild(file, 'check', undefined, settings);
  const good = verdicts.filter(each => !each.error && !each.missing).map(each => each.subject);
  const names = ['bare', ...good];
  const rows = await inChild(file, 'time', undefined, { ...settings, names });
  await addBytes(rows, names, file, settings);
  return {
    rows,
    lines: [...callTable(group, rows), ...judge(group.targets, rows)],
    notes: verdicts.filter(each => each.missing).map(each => `${each.subject} left out: ${each.missing}`),
    failures: verdicts
      .filter(each => each.error)
      .map(each => `${each.subject} fails its check: ${each.error}`),
  };
}

/**
 * A group of subjects that do the same job for one call. The first subject is `bare`; each `load()`s a
 * function `(settings, operation) => call`; `check(make, lacks)` throws for one that does not do the job.
 */
export function callGroup(spec) {
  const group = {
    inflight: [1, 1000],
    rejects: false,
    operation: async () => 1,
    targets: [],
    ...spec,
    measure: (file, settings) => measure(group, file, settings),
  };
  return group;
}
