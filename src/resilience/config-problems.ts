import { type ConfigProblem, nearest } from './config-error.js';

/** Told at most: who has more has something else than typing errors. */
const MOST_PROBLEMS = 200;

/** The mistakes of a config, as they are found. */
export class ConfigProblems {
  readonly list: ConfigProblem[] = [];
  readonly #messages = new Set<string>();
  /** How often something was told: it grows also when nothing new was said. */
  told = 0;

  /** Whether no more will be listed. */
  get isFull(): boolean {
    return this.list.length > MOST_PROBLEMS;
  }

  tell(path: string, says: string): undefined {
    this.told++;
    const message = `${path} ${says}`;
    if (this.isFull || this.#messages.has(message)) return;
    this.#messages.add(message);
    const isLast = this.list.length === MOST_PROBLEMS;
    this.list.push(isLast ? { path, message: 'there is more that is wrong' } : { path, message });
  }

  unknown(parent: string, option: string, known: readonly string[]): void {
    const choice = known.filter(name => name !== 'clock' && name !== 'random');
    const meant = nearest(option, choice);
    const advice = meant === undefined ? `known are ${choice.join(', ')}` : `did you mean \`${meant}\`?`;
    this.tell(fieldOf(parent, option), `is unknown; ${advice}`);
  }
}

/** `a.b`, or `a["b c"]` where the name needs it. */
export function fieldOf(path: string, name: string): string {
  if (!/^[\w$]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
