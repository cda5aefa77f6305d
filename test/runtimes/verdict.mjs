/**
 * What is wrong with how a runtime ran the suite: lines for people, none when all is well. `end` is
 * `{ code, stdout, stderr }` of its process; `least` has how many cases there are by door, or as `other`.
 */
export function complaints({ oneClass }, end, least) {
  const report = readReport(end.stdout);
  if (report === undefined) return [`printed no report (exit ${end.code})`, ...tail(end)];
  const failed = Object.entries(report.ran).flatMap(([door, lines]) => [
    ...lines.filter(line => line.failed).map(line => `${door}: ${line.name}: ${line.failed}`),
    ...tooFew(door, lines.length, least[door] ?? least.other),
  ]);
  if (report.oneClass !== oneClass) failed.push(`one class by import and require: ${report.oneClass}`);
  if (end.code === null) failed.push('did not end by itself');
  else if (end.code !== 0) failed.push(`ended with ${end.code}`, ...tail(end));
  return failed;
}

const tooFew = (door, count, least) =>
  count < least ? [`${door}: ran ${count} cases, at least ${least}`] : [];

/** Nothing may be skipped where nobody reads the words, unless that is known and written down. */
export const mayBeSkipped = ({ unavailable }, isCi) => !isCi || unavailable !== undefined;

/** What it ran and what it had to leave out, in few words. */
export function summary({ stdout }) {
  const { ran } = readReport(stdout);
  const lines = Object.values(ran).flat();
  const skipped = lines.filter(line => line.skipped).map(line => `${line.name}: ${line.skipped}`);
  const doors = Object.keys(ran).join(', ');
  return [`${lines.length - skipped.length} passed (${doors})`, ...skipped.map(one => `not run: ${one}`)];
}

function readReport(stdout) {
  const line = stdout.split('\n').find(line => line.startsWith('{"ran"'));
  return line === undefined ? undefined : JSON.parse(line);
}

const tail = ({ stderr }) => (stderr.trim() === '' ? [] : [stderr.trim().slice(-2_000)]);
