const some = (calls, prefix) =>
  [...calls].filter(([name]) => name.startsWith(prefix)).map(([, call]) => call);
const list = values => JSON.stringify(values);

/** One rule for each word of an `expect`: undefined, or how it is not met. */
const rules = {
  state: (want, play) => differ('state', want, play.policies[0].state()),
  runs: (want, play) => differ('runs', want, play.runs),
  started: (want, play) => differ('started', list(want), list(play.started)),
  thrown: (want, play) => differ('thrown instead of rejected', want, play.thrown),
  mostRunning: (want, play) => above('running at a time', want, play.mostRunning),
  grownKb: (want, play) => above('kB grown', want, Math.round(play.grownKb)),
  /** Names, or beginnings of names, by outcome. */
  calls: (want, play) => {
    for (const [prefix, outcome] of Object.entries(want)) {
      const wrong = some(play.calls, prefix).find(call => told(call, outcome) !== outcome);
      if (wrong) return `${prefix}: ${told(wrong, outcome)}, not ${outcome}`;
    }
    return undefined;
  },
  settled: (prefix, play) => {
    const open = some(play.calls, prefix).filter(({ outcome }) => outcome === 'pending').length;
    return open === 0 ? undefined : `${open} calls never settle`;
  },
  /** No two calls have the same answer. */
  distinct: (prefix, play) => {
    const values = some(play.calls, prefix).filter(call => call.outcome === 'resolved');
    const kinds = new Set(values.map(({ value }) => value)).size;
    return kinds === values.length ? undefined : `${values.length} calls share ${kinds} answers`;
  },
  /** Whether the package takes what was thrown for one of its own errors. */
  ours: ({ of, is }, play) =>
    differ(
      'an error of its own',
      is,
      attempt(() => play.subject.isOurs(of)),
    ),
};

const told = ({ outcome, value }, want) => (want.includes(' ') ? `${outcome} ${value}` : outcome);
const differ = (what, want, got) => (want === got ? undefined : `${what}: ${got}, not ${want}`);
const above = (what, most, got) => (got <= most ? undefined : `${what}: ${got}, more than ${most}`);

function attempt(ask) {
  try {
    return ask();
  } catch (error) {
    return `throws ${error.name}`;
  }
}

/** The first expectation that is not met. */
export function unmet(expected, play) {
  for (const [word, want] of Object.entries(expected)) {
    const why = rules[word](want, play);
    if (why !== undefined) return why;
  }
  return undefined;
}
