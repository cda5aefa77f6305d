import { checkKeys, isRecord, show } from '../kernel/options.js';
import { type PipelinePolicy, pipeline } from '../kernel/pipeline.js';
import type { Guard } from '../kernel/policy.js';
import { ConfigError } from './config-error.js';
import type { ConfigExtras } from './config-extras.js';
import { ConfigReader, fieldOf } from './config-reader.js';

/** A pipeline as data; the file `keelson/schema.json` says what it may hold. */
export interface PipelineConfig {
  /** For editors; not read. */
  readonly $schema?: string;
  /**
   * The policies, outermost first: `{ "kind": "timeout", "timeoutMs": 500 }`, with the options of the class.
   * `null` is `Infinity`; a function stands under the name that `extras` gives it.
   */
  readonly pipeline: readonly unknown[];
  /** Retry budgets by the names under which policies share them. */
  readonly budgets?: Readonly<Record<string, unknown>>;
}

const known = [
  ...['classify', 'cost', 'delayMs', 'enabled', 'endpoints', 'fault', 'key', 'negativeTtlMs', 'onDiscard'],
  ...['onEvict', 'outcome', 'retryAfterMs', 'run', 'trip', 'ttlMs', 'budgets', 'kinds', 'clock', 'random'],
];

/**
 * Makes a pipeline of data. What the `describe()` of a pipeline told makes one that describes itself the
 * same. `Out` is what a fallback in it may answer with.
 *
 * @throws ConfigError, a `TypeError`, with the path of every policy that its class refuses and of every
 * unknown field.
 * @example
 * ```ts
 * import { pipelineFrom } from 'keelson';
 *
 * const stock = pipelineFrom({
 *   pipeline: [
 *     { kind: 'timeout', timeoutMs: 5_000 },
 *     { kind: 'retry', attempts: 3, budget: 'reads' },
 *     { kind: 'circuit-breaker', name: 'stock' },
 *   ],
 *   budgets: { reads: { retryRatio: 0.1 } },
 * });
 * await stock.execute(() => 'answered'); // => 'answered'
 * ```
 */
export function pipelineFrom<Out = never>(
  config: PipelineConfig,
  extras: ConfigExtras = {},
): PipelinePolicy<unknown, Out> {
  checkKeys('pipelineFrom', extras, known);
  const reader = new ConfigReader(extras);
  const whole = isRecord(config) ? config : {};
  for (const field of Object.keys(whole)) {
    if (!['$schema', 'pipeline', 'budgets'].includes(field)) {
      reader.unknown('', field, ['pipeline', 'budgets']);
    }
  }
  const { budgets = {}, pipeline: entries } = whole as Partial<PipelineConfig>;
  if (!isRecord(budgets)) reader.tell('budgets', `must be an object, got ${show(budgets)}`);
  else for (const name of Object.keys(budgets)) reader.budget(budgets[name], fieldOf('budgets', name), name);
  if (!Array.isArray(entries)) reader.tell('pipeline', `must be a list of policies, got ${show(entries)}`);
  const parts = Array.isArray(entries)
    ? entries.map((entry, place) => reader.policy(entry, `pipeline[${place}]`))
    : [];
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return pipeline(...(parts as Guard[])) as PipelinePolicy<unknown, never>;
}
