import { isGuard, isPolicy } from '../kernel/is-guard.js';
import { show } from '../kernel/options.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Guard, Policy } from '../kernel/policy.js';
import { Bulkhead } from './bulkhead.js';
import { ConfigBudgets } from './config-budgets.js';
import { ConfigError, nearest } from './config-error.js';
import type { ConfigExtras } from './config-extras.js';
import { type Data, makeOf } from './config-making.js';
import { ConfigProblems, fieldOf } from './config-problems.js';
import { inWords, isFields, isNamed, namedFor, unlimited, withName } from './config-values.js';
import { SHARED } from './keyed-table.js';
import { type Inside, type PolicyKind, policyKinds } from './policy-kinds.js';

/** Makes policies of data. */
export class ConfigReader {
  readonly problems: ConfigProblems;
  readonly budgets: ConfigBudgets;
  readonly #extras: ConfigExtras;
  readonly #kinds: Readonly<Record<string, PolicyKind>>;
  /** Of the policies that are made, where they stand inside `keyed`. */
  readonly #key: string | undefined;

  constructor(
    extras: ConfigExtras,
    problems = new ConfigProblems(),
    budgets = new ConfigBudgets(extras),
    key?: string,
  ) {
    this.#extras = extras;
    this.problems = problems;
    this.budgets = budgets;
    this.#key = key;
    const own = Object.entries(extras.kinds ?? {}).map(([kind, make]) => [kind, { make }]);
    this.#kinds = { ...policyKinds, ...Object.fromEntries(own) };
  }

  /** What cannot be is told, and left out. */
  policies(entries: readonly unknown[], path: string): readonly Guard[] {
    const made: unknown[] = [];
    for (const [place, entry] of entries.entries()) {
      if (this.problems.isFull) break;
      made.push(this.policy(entry, `${path}[${place}]`));
    }
    return made.filter(one => one !== undefined) as Guard[];
  }

  /** `undefined` when that cannot be, and the reason is told. */
  policy(entry: unknown, path: string): unknown {
    if (!isFields(entry)) return this.problems.tell(path, `must be an object, got ${inWords(entry)}`);
    const { kind } = entry;
    if (typeof kind !== 'string' || !Object.hasOwn(this.#kinds, kind)) return this.#noKind(path, kind);
    const how = this.#kinds[kind]!;
    const before = this.problems.told;
    const options = this.#optionsOf(entry, path, how);
    const inside = how.around && this.#inside(entry['policy'], fieldOf(path, 'policy'), how.around);
    const all = { ...options, ...this.#seamsOf(kind, how) };
    const beside = how.around ? ['policy'] : [];
    const make = (left: Data): unknown => how.make(left as never, inside as Inside);
    const made = makeOf({ options: all, entry, path, beside, make }, this.problems);
    if (this.problems.told > before) return undefined;
    if (isGuard(made) || isPolicy(made)) return made;
    return this.problems.tell(path, `must make a policy or a guard: extras.kinds made ${show(made)}`);
  }

  #optionsOf(entry: Data, path: string, { told = [], around, ...how }: PolicyKind): Data {
    const beside = ['kind', ...told, ...(around ? ['policy'] : [])];
    const fields = Object.entries(entry).filter(([field]) => !beside.includes(field));
    return Object.fromEntries(fields.map(([field, value]) => [field, this.#read(field, value, path, how)]));
  }

  #read(field: string, value: unknown, path: string, how: Omit<PolicyKind, 'make'>): unknown {
    const { functions = [], verbatim = [] } = how;
    const place = fieldOf(path, field);
    if (field === 'clock' || field === 'random') {
      return this.problems.tell(place, `is no data: give it as extras.${field}`);
    }
    if (field === 'name') return namedFor(this.#key, unlimited(value));
    if (field === 'budget') return this.budgets.shared(value, place, this.problems);
    if (functions.includes(field) && isNamed(value, verbatim.includes(field))) {
      return this.#functionOf(field, value, place);
    }
    return verbatim.includes(field) ? value : unlimited(value);
  }

  /** Makes what stands inside, now and, where that is asked for, for each key. */
  #inside(value: unknown, path: string, around: NonNullable<PolicyKind['around']>): Inside {
    const before = this.problems.told;
    const reader = around === 'keys' ? this.#forKey(SHARED, this.problems) : this;
    let first = reader.#within(value, path);
    if (this.problems.told === before) reader.#checkInside(first, path, around);
    // Something to go on with: what is wrong with the other fields is to be told as well.
    if (this.problems.told > before) first = new Bulkhead({ slots: 1 });
    let isUsed = false;
    return key => {
      const made = isUsed ? this.#again(value, path, key) : first;
      isUsed = around === 'keys';
      return made as Policy & Guard;
    };
  }

  /** A policy, or a list of them, which is a pipeline. */
  #within(value: unknown, path: string): unknown {
    if (Array.isArray(value)) return pipeline(...this.policies(value, path));
    if (isFields(value)) return this.policy(value, path);
    const got = value === undefined ? 'and is missing' : `got ${inWords(value)}`;
    return this.problems.tell(path, `must be a policy or a list of policies, ${got}`);
  }

  #checkInside(made: unknown, path: string, around: NonNullable<PolicyKind['around']>): void {
    const { name } = made as { readonly name?: unknown };
    const got = typeof name === 'string' ? show(name) : 'something else';
    if (around === 'guard' && !isGuard(made)) {
      this.problems.tell(path, `must be a guard, as a bulkhead or a breaker is, got ${got}`);
    }
    if (around === 'policy' && !isPolicy(made)) {
      this.problems.tell(path, `must be a policy, got the guard ${got}: put it into a list`);
    }
  }

  /** The config has been read once: only a kind of the user's own may still refuse. */
  #again(value: unknown, path: string, key: string): unknown {
    const reader = this.#forKey(key, new ConfigProblems());
    const made = reader.#within(value, path);
    if (reader.problems.told > 0) throw new ConfigError(reader.problems.list);
    return made;
  }

  #forKey(key: string, problems: ConfigProblems): ConfigReader {
    return new ConfigReader(this.#extras, problems, this.budgets.of(key), key);
  }

  #noKind(path: string, kind: unknown): undefined {
    const known = Object.keys(this.#kinds);
    const meant = typeof kind === 'string' ? nearest(kind, known) : undefined;
    const advice = meant === undefined ? '' : `; did you mean '${meant}'?`;
    const choice = known.map(one => `'${one}'`).join(' or ');
    return this.problems.tell(fieldOf(path, 'kind'), `must be ${choice}, got ${inWords(kind)}${advice}`);
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
    this.problems.tell(path, `names ${show(value)}, but extras.${field} holds ${holds}`);
    // Something to go on with, as above.
    return () => {};
  }

  #seamsOf(kind: string, { random = false }: PolicyKind): object {
    const { clock, random: chance } = this.#extras;
    if (this.#kinds[kind] !== policyKinds[kind]) return {};
    return { ...(clock && { clock }), ...(chance && random && { random: chance }) };
  }
}
