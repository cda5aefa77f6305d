import { checkKeys, isRecord } from '../kernel/options.js';
import { type PipelinePolicy, pipeline } from '../kernel/pipeline.js';
import type { Guard } from '../kernel/policy.js';
import { copyOfData } from './config-data.js';
import { ConfigError } from './config-error.js';
import type { ConfigExtras } from './config-extras.js';
import { fieldOf } from './config-problems.js';
import { ConfigReader } from './config-reader.js';
import { inWords, isFields } from './config-values.js';

/** A pipeline as data; the file `keelson/schema.json` says what it may hold. */
export interface PipelineConfig {
  /** For editors; not read. */
  readonly $schema?: string;
  /**
   * The policies, outermost first: `{ "kind": "timeout", "timeoutMs": 500 }`, with the options of the class.
   * `null` is `Infinity`; a function stands under the name that `extras` gives it. What stands around another
   * policy, as `keyed` does, has that as `policy`, or a list of them.
   */
  readonly pipeline: readonly unknown[];
  /** Retry budgets by the names under which policies share them. */
  readonly budgets?: Readonly<Record<string, unknown>>;
}

/** The fields of `ConfigExtras`. */
export const extraNames: readonly string[] = [
  ...['classify', 'cost', 'delayMs', 'enabled', 'endpoints', 'fault', 'key', 'negativeTtlMs', 'onDiscard'],
  ...[
    'onEvict',
    'outcome',
    'overload',
    'partitionOf',
    'retryAfterMs',
    'run',
    'trip',
    'ttlMs',
    'budgets',
    'kinds',
    'clock',
    'random',
  ],
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
  checkKeys('pipelineFrom', extras, extraNames);
  const reader = new ConfigReader(extras);
  const { problems } = reader;
  const fields = isRecord(config) ? { ...config } : {};
  const whole = copyOfData(fields, (path, says) => problems.tell(path, says));
  // What the copy lacks would be told as missing.
  if (problems.told > 0) throw new ConfigError(problems.list);
  const parts = partsOf(whole as Partial<PipelineConfig>, reader);
  if (problems.told > 0) throw new ConfigError(problems.list);
  return pipeline(...parts) as PipelinePolicy<unknown, never>;
}

function partsOf(whole: Partial<PipelineConfig>, reader: ConfigReader): readonly Guard[] {
  const { problems } = reader;
  for (const field of Object.keys(whole)) {
    if (!['$schema', 'pipeline', 'budgets'].includes(field)) {
      problems.unknown('', field, ['pipeline', 'budgets']);
    }
  }
  const { budgets = {}, pipeline: entries } = whole;
  if (!isFields(budgets)) problems.tell('budgets', `must be an object, got ${inWords(budgets)}`);
  else {
    for (const [name, budget] of Object.entries(budgets)) {
      reader.budgets.make(budget, fieldOf('budgets', name), problems, name);
    }
  }
  if (Array.isArray(entries)) return reader.policies(entries, 'pipeline');
  problems.tell('pipeline', `must be a list of policies, got ${inWords(entries)}`);
  return [];
}
