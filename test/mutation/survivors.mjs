/** A mutant by what stands there and what it puts in its place: a form that outlives moved lines. */
export function described({ fileName, location, replacement, mutatorName, status }, text) {
  const lines = text.split('\n');
  const from = location.start.line - 1;
  const to = location.end.line - 1;
  const before = lines[from].slice(0, location.start.column - 1);
  const after = lines[to].slice(location.end.column - 1);
  return {
    ...{ file: fileName, line: from + 1, mutatorName, status },
    code: inOneLine(lines.slice(from, to + 1).join('\n')),
    becomes: inOneLine(before + replacement + after),
  };
}

const inOneLine = text => text.replace(/\s+/g, ' ').trim();

const lives = ({ status }) => status === 'Survived' || status === 'NoCoverage';

const same = mutant => JSON.stringify([mutant.file, mutant.code, mutant.becomes]);

/** One entry explains any number of changes to one piece of code: they share the reason. */
function explained(list) {
  return Object.entries(list).flatMap(([file, entries]) =>
    entries.flatMap(({ code, becomes, why }) =>
      [becomes].flat().map(one => ({ file, code, becomes: one, why })),
    ),
  );
}

/**
 * What is wrong with a list of explained survivors, given the mutants of some files: survivors that it lacks,
 * and entries whose mutant is killed or gone. One that ran out of time may do so on a slow machine only. And
 * mutants of which nobody knows, as their tests failed without them as well: they are in no figure.
 */
export function judge(list, mutants) {
  const entries = explained(list);
  const known = new Set(entries.map(same));
  const survivors = mutants.filter(lives);
  const standing = new Set(mutants.filter(one => lives(one) || one.status === 'Timeout').map(same));
  const files = new Set(mutants.map(({ file }) => file));
  return {
    unexplained: survivors.filter(mutant => !known.has(same(mutant))),
    stale: entries.filter(entry => files.has(entry.file) && !standing.has(same(entry))),
    undecided: mutants.filter(({ status }) => status === 'RuntimeError'),
    unreasoned: entries.filter(({ why }) => !why?.trim()),
    explained: survivors.filter(mutant => known.has(same(mutant))),
  };
}

/** What there is to say of the mutants of a file or a room. */
export function figures(mutants, list) {
  const count = wanted => mutants.filter(({ status }) => status === wanted).length;
  const killed = count('Killed') + count('Timeout');
  const survived = mutants.filter(lives).length;
  const all = killed + survived;
  return {
    ...{ mutants: all, killed, timeouts: count('Timeout'), survived },
    explained: judge(list, mutants).explained.length,
    score: all === 0 ? 100 : (100 * killed) / all,
  };
}
