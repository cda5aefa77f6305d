import { show } from '../kernel/options.js';
import type { ConfigExtras } from './config-extras.js';
import { type Data, makeOf } from './config-making.js';
import { type ConfigProblems, fieldOf } from './config-problems.js';
import { inWords, isFields, namedFor, unlimited } from './config-values.js';
import { RetryBudget } from './retry-budget.js';

interface Kept {
  readonly budget: RetryBudget;
  /** How it described itself when it was made: it may have been updated since. */
  readonly said: string;
}

/** Budgets by name: what several policies call by one name is one budget. */
export class ConfigBudgets {
  readonly #extras: ConfigExtras;
  readonly #kept = new Map<string, Kept>();
  readonly #key: string | undefined;
  readonly #outer: ConfigBudgets | undefined;

  constructor(extras: ConfigExtras, key?: string, outer?: ConfigBudgets) {
    this.#extras = extras;
    this.#key = key;
    this.#outer = outer;
  }

  /** For the policies of one key: budgets that are named after the key are its own. */
  of(key: string): ConfigBudgets {
    return new ConfigBudgets(this.#extras, key, this);
  }

  /** The option `budget` of a policy: a name, or what makes one. */
  shared(value: unknown, path: string, problems: ConfigProblems): unknown {
    if (typeof value !== 'string') return this.make(value, path, problems);
    const { budgets = {} } = this.#extras;
    if (Object.hasOwn(budgets, value)) return budgets[value];
    const known = this.#find(value);
    if (known !== undefined) return known;
    const says = `names ${show(value)}, which stands neither in budgets nor in extras.budgets`;
    return problems.tell(path, says);
  }

  /** A budget of the name `known`, where it has none of its own. */
  make(entry: unknown, path: string, problems: ConfigProblems, known?: string): RetryBudget | undefined {
    if (!isFields(entry)) return problems.tell(path, `must be an object, got ${inWords(entry)}`);
    const { kind = 'retry-budget', name = known, ...fields } = entry;
    if (kind !== 'retry-budget') {
      return problems.tell(fieldOf(path, 'kind'), `must be 'retry-budget', got ${inWords(kind)}`);
    }
    if ('clock' in fields) {
      return problems.tell(fieldOf(path, 'clock'), 'is no data: give it as extras.clock');
    }
    const { clock } = this.#extras;
    const named = name === undefined ? {} : { name: namedFor(this.#key, name) };
    const options = { ...(unlimited(fields) as Data), ...named, ...(clock && { clock }) };
    const make = (left: Data) => new RetryBudget(left);
    const made = makeOf({ options, entry, path, make }, problems);
    if (made === undefined || name === undefined) return made;
    const scope = this.#scopeOf(name);
    return scope.#keep(known ?? String(name), made, path, problems);
  }

  #keep(name: string, made: RetryBudget, path: string, problems: ConfigProblems): RetryBudget | undefined {
    const said = JSON.stringify(made.describe());
    const earlier = this.#kept.get(name);
    if (earlier === undefined) this.#kept.set(name, { budget: made, said });
    else if (earlier.said !== said) {
      const says = `must say what was said before of the budget ${show(name)}, or have another name`;
      return problems.tell(path, says);
    }
    return earlier?.budget ?? made;
  }

  #find(name: string): RetryBudget | undefined {
    const kept = this.#kept.get(name)?.budget;
    return kept !== undefined || this.#outer === undefined ? kept : this.#outer.#find(name);
  }

  /** Where a name is shared: with `*` by the policies of the key, without by all. */
  #scopeOf(name: unknown): ConfigBudgets {
    if (this.#outer === undefined || String(name).includes('*')) return this;
    return this.#outer.#scopeOf(name);
  }
}
