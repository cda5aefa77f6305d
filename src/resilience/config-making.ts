import { isRecord, readRefusal } from '../kernel/options.js';
import { type ConfigProblems, fieldOf } from './config-problems.js';
import { isFields } from './config-values.js';

export type Data = Readonly<Record<string, unknown>>;

/** Unknown fields that are told of one policy: each costs another try with all that is left. */
const MOST_UNKNOWN = 50;

/** What is to be made of data, and where that stands. */
export interface Making<T> {
  /** As they are handed to the class. Changed in place: to copy thousands for each takes seconds. */
  readonly options: Data;
  /** As the config has them. */
  readonly entry: Data;
  readonly path: string;
  /** Fields that are known beside the options. */
  readonly beside?: readonly string[];
  readonly make: (options: Data) => T;
}

/**
 * Makes it, without the fields that its class does not know, so that all of them are told, and what else is
 * wrong. What may stand in an option is not said here: the classes refuse, and their words are told with the
 * path of the config.
 */
export function makeOf<T>(making: Making<T>, problems: ConfigProblems): T | undefined {
  const { options, path, entry, make, beside = [] } = making;
  for (let unknown = 0; ; unknown++) {
    try {
      return make(options);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const refusal = readRefusal(message);
      if (refusal === undefined) return problems.tell(path, `is refused: ${message}`);
      const { parent, option, says, known } = refusal;
      if (says !== undefined) return tellRefused(option, says, path, entry, problems);
      const trail = [...(parent?.split('.') ?? []), option];
      // Where who makes it has added the option, there is nothing to leave out.
      if (!holds(entry, trail) || !leaveOut(options, trail)) {
        return problems.tell(path, `is refused: ${message}`);
      }
      if (unknown === MOST_UNKNOWN) return problems.tell(path, 'holds more that is unknown');
      const isPart = parent !== undefined;
      problems.unknown(isPart ? partOf(path, parent) : path, option, isPart ? known : [...known, ...beside]);
    }
  }
}

const partOf = (path: string, part: string): string => (path === '' ? part : `${path}.${part}`);

function tellRefused(
  option: string,
  says: string,
  path: string,
  entry: Data,
  problems: ConfigProblems,
): undefined {
  const [first = '', ...rest] = option.split('.');
  // What is left of an option with an unknown part may be too little, and the part has been told.
  if (problems.list.some(problem => problem.path.startsWith(`${partOf(path, first)}.`))) return undefined;
  let place = fieldOf(path, first);
  let given = entry[first];
  // The name of a part may have dots, too: one is gone into only where there is something in it.
  while (rest.length > 1 && isRecord(given) && isRecord(given[rest[0]!])) {
    const part = rest.shift()!;
    place = fieldOf(place, part);
    given = given[part];
  }
  const part = rest.join('.');
  if (part === '') return problems.tell(place, inData(says, given));
  return problems.tell(fieldOf(place, part), inData(says, isRecord(given) ? given[part] : given));
}

/** What a class said of the value, in the words of JSON. */
function inData(says: string, value: unknown): string {
  if (value === null) return says.replace(/got Infinity$/, 'got null, which stands for Infinity');
  return says.replace(/, got undefined$/, ', and is missing');
}

function holds(entry: Data, [first = '', ...inner]: readonly string[]): boolean {
  const part = Object.hasOwn(entry, first) ? entry[first] : undefined;
  return part !== undefined && (inner.length === 0 || (isFields(part) && holds(part, inner)));
}

/** Leaves out the option at the end of the trail; `false` where there is none. */
function leaveOut(options: Data, [first = '', ...inner]: readonly string[]): boolean {
  if (!Object.hasOwn(options, first)) return false;
  const part = options[first];
  if (inner.length === 0) return Reflect.deleteProperty(options, first);
  return isFields(part) && leaveOut(part, inner);
}
