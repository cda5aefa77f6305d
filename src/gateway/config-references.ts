import type { ConfigProblem } from '../resilience/config-error.js';
import { type ConfigProblems, fieldOf } from '../resilience/config-problems.js';
import { isFields } from '../resilience/config-values.js';

type Env = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;
/** A value is hidden in messages also where it is a part of another one, unless it is too short to tell. */
const SHORTEST = 6;

/**
 * Puts what the environment holds in the place of `${NAME}`; `$${` is `${`. No message shows what was put
 * there.
 */
export class ConfigReferences {
  readonly #env: Env;
  readonly #problems: ConfigProblems;
  readonly #whole = new Set<string>();
  /** What stands in the config for what was put in its place. */
  readonly #written = new Map<string, string>();
  readonly #values = new Map<string, string>();

  constructor(env: Env, problems: ConfigProblems) {
    this.#env = env;
    this.#problems = problems;
  }

  /** The same data with all references resolved. */
  resolve(value: unknown, path = ''): unknown {
    if (typeof value === 'string') return this.#text(value, path);
    if (Array.isArray(value)) return value.map((one, at) => this.resolve(one, `${path}[${at}]`));
    if (!isFields(value)) return value;
    const fields = Object.entries(value);
    return Object.fromEntries(fields.map(([name, one]) => [name, this.resolve(one, fieldOf(path, name))]));
  }

  /** Whether the text at the path came out of the environment, and out of nowhere else. */
  isSecret(path: string): boolean {
    return this.#whole.has(path);
  }

  /** The paths of those below another path. */
  secretsBelow(path: string): readonly string[] {
    return [...this.#whole].filter(one => one.startsWith(path));
  }

  /** The same mistakes, without a value of the environment. */
  hide(problems: readonly ConfigProblem[]): ConfigProblem[] {
    return problems.map(problem => ({ ...problem, message: this.#hidden(problem.message) }));
  }

  #text(text: string, path: string): string {
    if (!text.includes('${')) return text;
    const before = this.#problems.told;
    const made = text.replace(REFERENCE, (all, name?: string) => {
      if (name === undefined) return '${';
      const value =
        /^[A-Za-z_]\w*$/.test(name) && Object.hasOwn(this.#env, name) ? this.#env[name] : undefined;
      if (value === undefined) {
        this.#problems.tell(path, `names the variable ${JSON.stringify(name)}, which is not set`);
        return '';
      }
      this.#values.set(value, all);
      return value;
    });
    if (this.#problems.told > before) return made;
    if (/^\$\{[^}]*\}$/.test(text)) this.#whole.add(path);
    this.#written.set(JSON.stringify(made), JSON.stringify(text));
    return made;
  }

  #hidden(message: string): string {
    let hidden = message;
    for (const [made, text] of this.#written) hidden = hidden.replaceAll(made, () => text);
    for (const [value, name] of this.#values) {
      if (value.length >= SHORTEST) hidden = hidden.replaceAll(value, () => name);
    }
    return hidden;
  }
}
