import { isRecord } from '../kernel/options.js';
import { type ReadText, TextMistake, type TextPlace } from './text-places.js';

/** What is used of a document of the package `yaml`. */
export interface YamlDocument {
  /** What is wrong with the text. */
  readonly errors: readonly { readonly message: string; readonly pos: readonly [number, number] }[];
  /** Its nodes. */
  readonly contents: unknown;
  /** Its value. */
  toJS(options: { readonly maxAliasCount: number }): unknown;
}

/** What is used of the package `yaml`, 2 or later; pass the module. */
export interface Yaml {
  /** Its function of that name. */
  parseDocument(text: string, options: { readonly prettyErrors: false }): YamlDocument;
}

/** Aliases may stand for so much more than they are. */
const MOST_ALIASES = 1_000;
const MOST_DEPTH = 200;

/**
 * Reads YAML, and remembers where everything stands.
 *
 * @throws TextMistake with the place.
 */
export function readYamlText(text: string, yaml: Yaml): ReadText {
  const document = yaml.parseDocument(text, { prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake !== undefined) throw new TextMistake(`is no YAML: ${mistake.message}`, mistake.pos[0]);
  const place = placeIn(document.contents, 0, 0);
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }), place };
  } catch (error) {
    throw new TextMistake(`is no YAML: ${error instanceof Error ? error.message : String(error)}`, 0);
  }
}

function startOf(node: unknown, otherwise: number): number {
  const range = isRecord(node) ? node['range'] : undefined;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : otherwise;
}

/** What an alias stands for has its place where it was written first. */
function placeIn(node: unknown, at: number, depth: number): TextPlace {
  const items = isRecord(node) ? node['items'] : undefined;
  if (!Array.isArray(items)) return { at };
  if (depth > MOST_DEPTH) throw new TextMistake(`nested deeper than ${MOST_DEPTH} objects and lists`, at);
  const isMap = items.every(item => isRecord(item) && 'key' in item && 'value' in item);
  if (!isMap || items.length === 0) {
    return { at, items: items.map(item => placeIn(item, startOf(item, at), depth + 1)) };
  }
  const fields = new Map<string, TextPlace>();
  for (const { key, value } of items as { key: unknown; value: unknown }[]) {
    const name = isRecord(key) ? key['value'] : key;
    fields.set(String(name), placeIn(value, startOf(key, at), depth + 1));
  }
  return { at, fields };
}
