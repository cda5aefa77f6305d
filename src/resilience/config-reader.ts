import { isRecord, readRefusal, show } from '../kernel/options.js';
import { type ConfigProblem, nearest } from './config-error.js';
import type { ConfigExtras } from './config-extras.js';
import { type PolicyKind, policyKinds } from './policy-kinds.js';
import { RetryBudget } from './retry-budget.js';

type Data = Readonly<Record<string, unknown>>;

/** Unknown fields that are told of one policy: each costs another try with all that is left. */
const MOST_UNKNOWN = 50;

/**
 * Makes policies of data. What may stand in an option is not said here: the classes refuse, and their words
 * are told with the path of the config.
 */
export class ConfigReader {
  readonly problems: ConfigProblem[] = [];
  readonly #extras: ConfigExtras;
  /** By name: what several policies describe as the budget of one name is one budget. */
  readonly #budgets = new Map<string, RetryBudget>();

  constructor(extras: ConfigExtras) {
    this.#extras = extras;
  }

  tell(path: string, says: string): undefined {
    this.problems.push({ path, message: `${path} ${says}` });
  }

  unknown(parent: string, option: string, known: readonly string[]): void {
    const choice = known.filter(name => name !== 'clock' && name !== 'random');
    const meant = nearest(option, choice);
    const advice = meant === undefined ? `known are ${choice.join(', ')}` : `did you mean \`${meant}\`?`;
    this.tell(fieldOf(parent, option), `is unknown; ${advice}`);
  }

  /** `undefined` when that cannot be, and the reason is told. */
  policy(entry: unknown, path: string): unknown {
    if (!isRecord(entry)) return this.tell(path, `must be an object, got ${show(entry)}`);
    const { kind, ...fields } = entry;
    const kinds: Readonly<Record<string, PolicyKind>> = { ...policyKinds, ...this.#ownKinds() };
    if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind)) return this.#noKind(path, kind, kinds);
    const { make, functions = [], told = [], verbatim = [], random = false } = kinds[kind]!;
    const before = this.problems.length;
    const read = (field: string, value: unknown): unknown => {
      const place = fieldOf(path, field);
      if (field === 'clock' || field === 'random') this.tell(place, `is no data: give it as extras.${field}`);
      else if (functions.includes(field) && isNamed(value, verbatim.includes(field)))
        return this.#functionOf(field, value, place);
      else if (field === 'budget') return this.#sharedBudget(value, place);
      else return verbatim.includes(field) ? value : unlimited(value);
      return undefined;
    };
    const asked = Object.entries(fields).filter(([field]) => !told.includes(field));
    const options = Object.fromEntries(asked.map(([field, value]) => [field, read(field, value)]));
    const seams = this.#seams(random, Object.hasOwn(policyKinds, kind));
    const made = this.#make(options, path, entry, left => make({ ...left, ...seams } as never));
    return this.problems.length === before ? made : undefined;
  }

  /** A budget of the name `key`, where it has none of its own. */
  budget(entry: unknown, path: string, key?: string): RetryBudget | undefined {
    if (!isRecord(entry)) return this.tell(path, `must be an object, got ${show(entry)}`);
    const { kind = 'retry-budget', ...fields } = entry;
    if (kind !== 'retry-budget') {
      return this.tell(fieldOf(path, 'kind'), `must be 'retry-budget', got ${show(kind)}`);
    }
    const { name = key } = fields;
    const options = unlimited(name === undefined ? fields : { ...fields, name }) as Data;
    const { clock } = this.#extras;
    const make = (left: Data) => new RetryBudget(clock === undefined ? left : { ...left, clock });
    const made = this.#make(options, path, entry, make);
    if (made === undefined || name === undefined) return made;
    const earlier = this.#budgets.get(key ?? made.name);
    if (earlier === undefined) this.#budgets.set(key ?? made.name, made);
    else if (JSON.stringify(earlier.describe()) !== JSON.stringify(made.describe())) {
      return this.tell(
        path,
        `must say what was said before of the budget ${show(name)}, or have another name`,
      );
    }
    return earlier ?? made;
  }

  /** Without the fields that it does not know, so that all of them are told, and what else is wrong. */
  #make<T>(options: Data, path: string, entry: Data, make: (options: Data) => T, told = 0): T | undefined {
    try {
      return make(options);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const refusal = readRefusal(message);
      if (refusal === undefined) return this.tell(path, `is refused: ${message}`);
      const { parent, option, says, known } = refusal;
      if (says !== undefined) {
        // What is left of an option with an unknown part may be too little, and the part has been told.
        const partOf = `${path}.${option.split('.')[0]}.`;
        if (this.problems.some(problem => problem.path.startsWith(partOf))) return undefined;
        return this.tell(`${path}.${option}`, inData(says, entry, option));
      }
      if (told === MOST_UNKNOWN) return this.tell(path, 'holds more that is unknown');
      this.unknown(parent === undefined ? path : `${path}.${parent}`, option, known);
      const left = without(options, [...(parent?.split('.') ?? []), option]);
      return this.#make(left, path, entry, make, told + 1);
    }
  }

  #noKind(path: string, kind: unknown, kinds: Data): undefined {
    const known = Object.keys(kinds);
    const meant = typeof kind === 'string' ? nearest(kind, known) : undefined;
    const advice = meant === undefined ? '' : `; did you mean '${meant}'?`;
    const choice = known.map(one => `'${one}'`).join(' or ');
    return this.tell(fieldOf(path, 'kind'), `must be ${choice}, got ${show(kind)}${advice}`);
  }

  #functionOf(field: string, value: unknown, path: string): unknown {
    if (Array.isArray(value)) return value.map((one, at) => this.#functionOf(field, one, `${path}[${at}]`));
    if (typeof value !== 'string') return value;
    const named = (this.#extras[field as 'classify'] ?? {}) as Data;
    if (Object.hasOwn(named, value) && typeof named[value] === 'function') {
      return withName(value, named[value] as () => unknown);
    }
    const known = Object.keys(named).map(name => `'${name}'`);
    const holds = known.length === 0 ? 'nothing' : known.join(', ');
    this.tell(path, `names ${show(value)}, but extras.${field} holds ${holds}`);
    // Something to go on with: what is wrong with the other fields is to be told as well.
    return () => {};
  }

  #sharedBudget(value: unknown, path: string): unknown {
    if (typeof value !== 'string') return this.budget(value, path);
    const { budgets = {} } = this.#extras;
    if (Object.hasOwn(budgets, value)) return budgets[value];
    const known = this.#budgets.get(value);
    return (
      known ?? this.tell(path, `names ${show(value)}, which stands neither in budgets nor in extras.budgets`)
    );
  }

  #ownKinds(): Readonly<Record<string, PolicyKind>> {
    const kinds = Object.entries(this.#extras.kinds ?? {});
    return Object.fromEntries(kinds.map(([kind, make]) => [kind, { make }]));
  }

  #seams(isRandom: boolean, isOurs: boolean): object {
    const { clock, random } = this.#extras;
    if (!isOurs) return {};
    return { ...(clock && { clock }), ...(random && isRandom && { random }) };
  }
}

/** Whether an option that may be a function is one, by its name or as a list of names. */
function isNamed(value: unknown, hasOwnLists: boolean): boolean {
  return typeof value === 'string' || (Array.isArray(value) && !hasOwnLists);
}

/** `a.b`, or `a["b c"]` where the name needs it. */
export function fieldOf(path: string, name: string): string {
  if (!/^[\w$]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

/** JSON has no Infinity: null stands for it. */
function unlimited(value: unknown): unknown {
  if (value === null) return Infinity;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unlimited(part)]));
}

/** What a class said of the value, in the words of JSON. */
function inData(says: string, entry: Data, option: string): string {
  const value = option
    .split('.')
    .reduce<unknown>((part, name) => (isRecord(part) ? part[name] : part), entry);
  if (value === null) return says.replace(/got Infinity$/, 'got null, which stands for Infinity');
  return says.replace(/, got undefined$/, ', and is missing');
}

/** A copy in which the option at the end of `trail` is left out. */
function without(options: Data, [first = '', ...inner]: readonly string[]): Data {
  const { [first]: part, ...rest } = options;
  return inner.length === 0 ? rest : { ...rest, [first]: without(part as Data, inner) };
}

/** The same function under the name that the config has for it, so that `describe()` tells that one. */
function withName(name: string, named: (...all: readonly unknown[]) => unknown): unknown {
  return { [name]: (...all: readonly unknown[]) => named(...all) }[name];
}
