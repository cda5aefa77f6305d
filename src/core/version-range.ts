/** A version of semver.org, without its build metadata, which says nothing of the order. */
export interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** The parts of `-rc.1`; none for a release. */
  readonly pre: readonly (number | string)[];
}

type Operator = '<' | '<=' | '>' | '>=' | '=';

interface Comparator {
  readonly operator: Operator;
  readonly version: Version;
}

/** A version meets a range when it meets all comparators of one of its sets. */
export type VersionRange = readonly (readonly Comparator[])[];

/** Longer than any version or range that somebody writes. */
const LONGEST = 256;
const FULL = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+[\w.-]+)?$/;
const PARTIAL =
  /^([<>]=?|[=^~])?v?(\d+|[xX*])(?:\.(\d+|[xX*])(?:\.(\d+|[xX*])(?:-([\w.-]+))?(?:\+[\w.-]+)?)?)?$/;

/** `undefined` for a leading zero, or what no number holds exactly. */
function numberOf(text: string): number | undefined {
  const value = Number(text);
  return String(value) === text && Number.isSafeInteger(value) ? value : undefined;
}

function preOf(text: string | undefined): (number | string)[] | undefined {
  if (text === undefined) return [];
  const parts = text.split('.').map(part => {
    if (/^\d+$/.test(part)) return numberOf(part);
    return part === '' || part.includes('_') ? undefined : part;
  });
  return parts.every(part => part !== undefined) ? parts : undefined;
}

/** Reads `1.2.3`, `v1.2.3-rc.1+build`; `undefined` for anything else. */
export function readVersion(text: string): Version | undefined {
  const read = text.length > LONGEST ? null : FULL.exec(text);
  if (read === null) return undefined;
  const [major, minor, patch] = read.slice(1, 4).map(numberOf);
  const pre = preOf(read[4]);
  const isSound = major !== undefined && minor !== undefined && patch !== undefined && pre !== undefined;
  return isSound ? { numbers: [major, minor, patch], pre } : undefined;
}

/** Below 0 when `one` comes before `other`, 0 when they are alike. */
export function compareVersions(one: Version, other: Version): number {
  for (let at = 0; at < 3; at++) {
    const apart = one.numbers[at]! - other.numbers[at]!;
    if (apart !== 0) return apart;
  }
  // What comes before a release comes before it.
  if (one.pre.length === 0 || other.pre.length === 0) return other.pre.length - one.pre.length;
  for (const [at, part] of one.pre.entries()) {
    const against = other.pre[at];
    if (against === undefined) return 1;
    if (part === against) continue;
    if (typeof part !== typeof against) return typeof part === 'number' ? -1 : 1;
    return part < against ? -1 : 1;
  }
  return one.pre.length - other.pre.length;
}

/** Before all that comes before that release. */
const before = (major: number, minor = 0, patch = 0): Version => ({
  numbers: [major, minor, patch],
  pre: [0],
});
const is = (operator: Operator, version: Version): Comparator => ({ operator, version });

/** The first version above all that the first `known` numbers stand for, of which there is at least one. */
function above(numbers: readonly number[], known: number): Version {
  const major = numbers[0]!;
  const [, minor = 0, patch = 0] = numbers;
  if (known === 1) return before(major + 1);
  return known === 2 ? before(major, minor + 1) : before(major, minor, patch + 1);
}

/** How many numbers must stay as they are for `^`: up to the first that is not 0. */
function kept(numbers: readonly number[]): number {
  const first = numbers.findIndex(number => number > 0);
  return first < 0 ? numbers.length : first + 1;
}

/** What one word of a range stands for; `numbers` are those that it says. */
function desugar(
  operator: string | undefined,
  numbers: readonly number[],
  pre: Version['pre'],
): Comparator[] {
  const known = numbers.length;
  const [major = 0, minor = 0, patch = 0] = numbers;
  const from: Version = { numbers: [major, minor, patch], pre };
  if (known === 0) return operator === '<' || operator === '>' ? [is('<', before(0))] : [];
  const next = above(numbers, known);
  switch (operator) {
    case '^':
      return [is('>=', from), is('<', above(numbers, kept(numbers)))];
    case '~':
      return [is('>=', from), is('<', above(numbers, Math.min(known, 2)))];
    case '>=':
      return [is('>=', from)];
    case '<':
      return [is('<', known < 3 ? before(major, minor) : from)];
    case '>':
      return [known < 3 ? is('>=', { ...next, pre: [] }) : is('>', from)];
    case '<=':
      return [known < 3 ? is('<', next) : is('<=', from)];
    default:
      return known < 3 ? [is('>=', from), is('<', next)] : [is('=', from)];
  }
}

const isAny = (part: string | undefined): boolean => part === undefined || 'xX*'.includes(part);

function readComparators(word: string): Comparator[] | undefined {
  const read = PARTIAL.exec(word);
  if (read === null) return undefined;
  const [, operator, major, minor, patch, text] = read;
  const said = [major, minor, patch];
  const known = said.findIndex(isAny);
  // What follows a number that may be any says nothing, so somebody meant something else.
  if (known >= 0 && !said.slice(known).every(isAny)) return undefined;
  const numbers = (known < 0 ? said : said.slice(0, known)).map(part => numberOf(part!));
  const pre = preOf(text);
  if (pre === undefined || !numbers.every(number => number !== undefined)) return undefined;
  return desugar(operator, numbers, known < 0 ? pre : []);
}

/**
 * Reads a range: versions, whole or in part, with `=`, `<`, `<=`, `>`, `>=`, `^` or `~` right before them,
 * `x` or `*` for any number, a space for "and", `||` for "or". It means what it means to npm; the form with a
 * hyphen, `1 - 2`, is not read. `undefined` for what is no range.
 */
export function readRange(text: string): VersionRange | undefined {
  if (text.length > LONGEST) return undefined;
  const sets: Comparator[][] = [];
  for (const part of text.split('||')) {
    const set: Comparator[] = [];
    for (const word of part.split(/\s/)) {
      const comparators = word === '' ? [] : readComparators(word);
      if (comparators === undefined) return undefined;
      set.push(...comparators);
    }
    sets.push(set);
  }
  return sets;
}

function meets(version: Version, { operator, version: against }: Comparator): boolean {
  const order = compareVersions(version, against);
  if (order === 0) return operator === '=' || operator === '<=' || operator === '>=';
  return operator.startsWith(order < 0 ? '<' : '>');
}

/**
 * Whether a version is in a range. One that comes before a release is only where the range names one of the
 * same three numbers: `^1.0.0` does not want `1.1.0-rc.1`, `>=1.1.0-rc.0` does.
 */
export function isInRange(version: Version, range: VersionRange): boolean {
  return range.some(set => {
    if (!set.every(comparator => meets(version, comparator))) return false;
    const { numbers, pre } = version;
    return (
      pre.length === 0 ||
      set.some(({ version: named }) => named.pre.length > 0 && numbers.join() === named.numbers.join())
    );
  });
}
