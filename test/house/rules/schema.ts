import type ts from 'typescript';
import * as house from '../../../src/index.js';
import { isGuard } from '../../../src/kernel/is-guard.js';
import { readRefusal } from '../../../src/kernel/options.js';
import { keyedDefaults } from '../../../src/resilience/keyed-options.js';
import { type PolicyKind, policyKinds } from '../../../src/resilience/policy-kinds.js';
import { streamedDefaults } from '../../../src/resilience/stream-options.js';
import { exportsOf } from '../program.js';

/** A schema of JSON Schema, draft 2020-12. */
export type Schema = { readonly [keyword: string]: unknown };
type Data = Readonly<Record<string, unknown>>;

/** What the constructors cannot be asked. */
interface Probe {
  /** Options that are accepted; wide where the rule of one option rests on another. */
  readonly base?: Data;
  /** Options that are objects, by the shapes that they may have; a text in one is what tells it apart. */
  readonly shapes?: Readonly<Record<string, readonly Data[]>>;
  /** Of these exactly one has to be given. */
  readonly either?: readonly string[];
  /** Of these at most one may be given. */
  readonly apart?: readonly string[];
  /** What stands where an option was left out, for what is no class that tells it. */
  readonly defaults?: Data;
  /** What no rule of a number or a text says. */
  readonly written?: Readonly<Record<string, Schema>>;
}

const ms: Schema = { type: 'number', minimum: 0 };
const inside = (): house.Bulkhead => new house.Bulkhead({ slots: 1 });
const probes: Readonly<Record<string, Probe>> = {
  'adaptive-limiter': {
    base: { minLimit: 1, maxLimit: 1e6 },
    written: {
      partitions: {
        type: 'object',
        additionalProperties: { type: 'number', minimum: 0, maximum: 1 },
        maxProperties: 100,
      },
    },
  },
  bulkhead: { base: { slots: 1 } },
  'circuit-breaker': {
    base: { window: { calls: 1e6 }, probes: 1e6 },
    shapes: { window: [{ calls: 1 }, { ms: 1 }], openMs: [{ initialMs: Number.MIN_VALUE }] },
  },
  cache: { base: { ttlMs: 1 } },
  chaos: {
    base: { latencyMs: 1, outcome: () => 1 },
    written: {
      enabled: { type: ['boolean', 'string'] },
      latencyMs: { anyOf: [ms, { type: 'array', items: ms, minItems: 2, maxItems: 2 }] },
    },
  },
  fallback: { base: { run: () => 1 }, either: ['value', 'run'] },
  hedge: {
    shapes: { quantile: [{ windowCalls: 100_000, minMs: 0 }] },
    apart: ['delayMs', 'quantile'],
    written: { endpoints: { anyOf: [{ type: 'string' }, { type: 'array', minItems: 1 }] } },
  },
  keyed: { base: { maxKeys: 1 }, defaults: keyedDefaults },
  'rate-limiter': { base: { limit: 1, perMs: 1 } },
  retry: {
    shapes: {
      backoff: [
        { kind: 'constant', delayMs: 0 },
        { kind: 'linear', initialMs: 0 },
        { kind: 'exponential', initialMs: 0, factor: 2 },
        { kind: 'exponential', initialMs: 0, jitter: 'decorrelated' },
      ],
    },
  },
  shadow: { defaults: { enforceRatio: house.shadow(inside()).enforceRatio } },
  streamed: { defaults: streamedDefaults },
  timeout: { base: { timeoutMs: 1 } },
};

const seams = ['clock', 'random'];
const budget: PolicyKind = { make: options => new house.RetryBudget(options) as never };
const nobody = Symbol('probe');

/**
 * The schema of a config of `pipelineFrom`. The rules are those that the constructors tell when they refuse a
 * value, the words those of the doc comments.
 */
export function schemaOf(program: ts.Program): Schema {
  const kinds = Object.keys(policyKinds).sort();
  const definitions = kinds.map(kind => [kind, policySchema(program, kind, policyKinds[kind]!)]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A pipeline of keelson',
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      pipeline: {
        description: 'The policies, outermost first.',
        type: 'array',
        items: refTo('policy'),
      },
      budgets: {
        description: 'Retry budgets by the names under which policies share them.',
        type: 'object',
        additionalProperties: refTo('retry-budget'),
      },
    },
    required: ['pipeline'],
    additionalProperties: false,
    $defs: {
      policy: { anyOf: kinds.map(refTo) },
      policies: { anyOf: [refTo('policy'), { type: 'array', items: refTo('policy') }] },
      guard: { anyOf: guardsOf(kinds) },
      ...Object.fromEntries(definitions),
      'retry-budget': { ...policySchema(program, 'retry-budget', budget), required: [] },
    },
  };
}

const refTo = (definition: string): Schema => ({ $ref: `#/$defs/${definition}` });

/** What `policy` holds, by what it is. */
const insides = { guard: 'guard', policy: 'policies', keys: 'policies' } as const;

/** Kinds that admit calls; one that keeps policies by keys does where these do. */
function guardsOf(kinds: readonly string[]): readonly Schema[] {
  return kinds.flatMap(kind => {
    const { make, around } = policyKinds[kind]!;
    const made = make({ ...probes[kind]?.base } as never, inside as never);
    if (!isGuard(made)) return [];
    return [around === 'keys' ? { ...refTo(kind), properties: { policy: refTo('guard') } } : refTo(kind)];
  });
}

function policySchema(program: ts.Program, kind: string, { make, ...told }: PolicyKind): Schema {
  const { base = {}, shapes = {}, either = [], apart = [], written = {}, ...probe } = probes[kind] ?? {};
  const name = kind.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
  const ofClass = (house as unknown as Record<string, { defaults?: Data }>)[name]?.defaults;
  const defaults = probe.defaults ?? ofClass ?? {};
  const words = wordsOf(program, `${name}Options`);
  const says = asking(options => make(options as never, inside as never), base);
  const options = says.known().filter(option => !seams.includes(option));
  const properties = options.map(option => {
    const isNamed = told.functions?.includes(option) === true;
    const schema =
      written[option] ??
      (told.verbatim?.includes(option)
        ? {}
        : option === 'budget'
          ? { anyOf: [{ type: 'string' }, { $ref: '#/$defs/retry-budget' }] }
          : optionSchema(says, option, shapes[option] ?? [], isNamed));
    const standard = option in defaults ? { default: inJson(defaults[option]) } : {};
    return [option, { description: words.get(option), ...schema, ...standard }];
  });
  const beyond = (told.told ?? []).map(field => [
    field,
    { description: 'Told by `describe()`; without effect.' },
  ]);
  const around = told.around && {
    policy: { description: 'What it stands around; a list is a pipeline.', ...refTo(insides[told.around]) },
  };
  const required = options.filter(option => !either.includes(option) && says.needs(option));
  return {
    type: 'object',
    properties: { kind: { const: kind }, ...Object.fromEntries([...properties, ...beyond]), ...around },
    required: ['kind', ...required, ...(around === undefined ? [] : ['policy'])],
    ...(apart.length > 0 && { not: { required: apart } }),
    ...(either.length > 0 && { oneOf: either.map(option => ({ required: [option] })) }),
    additionalProperties: false,
  };
}

type Ask = ReturnType<typeof asking>;

/** What a class says to options; to parts of its option `within`, where that is given. */
function asking(make: (options: Data) => unknown, base: Data, within?: string) {
  const refusal = (options: Data) => {
    try {
      make(options);
    } catch (error) {
      return readRefusal((error as Error).message) ?? { says: 'must be else', known: [], option: '' };
    }
    return undefined;
  };
  const left = (option: string) =>
    Object.fromEntries(Object.entries(base).filter(([name]) => name !== option));
  const path = (option: string) => (within === undefined ? option : `${within}.${option}`);
  return {
    base,
    known: () => refusal({ ...base, '': nobody })?.known ?? [],
    needs: (option: string) => refusal(left(option)) !== undefined,
    takes: (option: string, value: unknown) => refusal({ ...base, [option]: value }) === undefined,
    rule: (option: string) => {
      const found = refusal({ ...base, [option]: nobody });
      return found?.option === path(option) ? found.says?.replace(/^must be |, got .*$/gs, '') : undefined;
    },
    part: (option: string, shape: Data) =>
      asking(inner => make({ ...base, [option]: inner }), shape, path(option)),
  };
}

function optionSchema(says: Ask, option: string, shapes: readonly Data[], isNamed: boolean): Schema {
  const schemas = shapes.map(shape => shapeSchema(says.part(option, shape)));
  const alone = ruleSchema(says.rule(option) ?? '', value => says.takes(option, value));
  const all = alone === undefined ? schemas : [alone, ...schemas];
  // A number, or the name of a function that tells it.
  if (isNamed && 'minimum' in (alone ?? {})) all.push({ type: 'string' });
  if (all.length === 0)
    throw new Error(`schema: give \`${option}\` its shapes in test/house/rules/schema.ts`);
  return all.length === 1 ? all[0]! : { anyOf: all };
}

function shapeSchema(says: Ask): Schema {
  const parts = says.known().flatMap(part => {
    const given = says.base[part];
    if (typeof given === 'string') return [[part, { const: given }] as const];
    const schema = ruleSchema(says.rule(part) ?? '', value => says.takes(part, value));
    // A part that belongs to another shape.
    const isTaken = part in says.base || (schema !== undefined && says.takes(part, sampleOf(schema)));
    return isTaken && schema !== undefined ? [[part, schema] as const] : [];
  });
  const required = parts
    .map(([part]) => part)
    .filter(part => typeof says.base[part] === 'string' || says.needs(part));
  return { type: 'object', properties: Object.fromEntries(parts), required, additionalProperties: false };
}

const number = /^(an integer|a number)(?: > (\S+?))?(?: >= (\S+?))?(?: <= (\S+?))?(, or Infinity)?$/;

/** A rule in the words of `refuse`. */
export function ruleSchema(rule: string, takes: (value: unknown) => boolean): Schema | undefined {
  if (rule === 'a string' || rule === 'a function') return { type: 'string' };
  if (rule === 'true or false') return { type: 'boolean' };
  if (rule.startsWith('a function, or a list')) {
    return { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }] };
  }
  if (/^'[^']*'( or '[^']*')*$/.test(rule)) {
    const values = [...rule.matchAll(/'([^']*)'/g)].map(([, value]) => value!);
    return { enum: values.filter(takes) };
  }
  const [, kind, above, least, most, infinity] = number.exec(rule) ?? [];
  if (kind === undefined) return undefined;
  const type = kind === 'an integer' ? 'integer' : 'number';
  // Of a span that has to be as long as the shortest there is.
  const isTiny = least !== undefined && Number(least) === Number.MIN_VALUE;
  return {
    type: infinity === undefined ? type : [type, 'null'],
    ...(above !== undefined && { exclusiveMinimum: Number(above) }),
    ...(isTiny && { exclusiveMinimum: 0 }),
    ...(least !== undefined && !isTiny && { minimum: Number(least) }),
    ...(most !== undefined && { maximum: Number(most) }),
    ...(most === undefined && type === 'integer' && { maximum: Number.MAX_SAFE_INTEGER }),
  };
}

/** A value that keeps to a schema. */
function sampleOf(schema: Schema): unknown {
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if (schema['type'] === 'string') return '';
  const { minimum, maximum = 1 } = schema as { readonly minimum?: number; readonly maximum?: number };
  return minimum ?? Math.min(1, maximum);
}

const inJson = (value: unknown): unknown => (value === Infinity ? null : value);

/** What the doc comments of an interface say of its members. */
function wordsOf(program: ts.Program, name: string): ReadonlyMap<string, string> {
  const checker = program.getTypeChecker();
  const symbol = exportsOf(program, 'src/index.ts').get(name);
  const type = symbol && checker.getDeclaredTypeOfSymbol(symbol);
  const members =
    type === undefined
      ? []
      : type.isUnion()
        ? type.types.flatMap(one => one.getProperties())
        : type.getProperties();
  const words = new Map<string, string>();
  for (const member of members) {
    const text = member
      .getDocumentationComment(checker)
      .map(part => part.text)
      .join('')
      .replace(/\s+/g, ' ');
    if (!words.has(member.name) || !/^Not with/.test(text)) words.set(member.name, text);
  }
  return words;
}
