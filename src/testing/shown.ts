/** So much of a value is told: what a test sees may be of any size. */
const DEEPEST = 6;
const MOST_PARTS = 50;
const LONGEST_TEXT = 500;

/** A value as a person writes it, in one line and bounded: `{ apples: 5, kinds: [ 'red' ] }`. */
export function shown(value: unknown, above: readonly object[] = []): string {
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return `[Function ${value.name || '(anonymous)'}]`;
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : String(value);
  if (above.includes(value)) return '[Circular]';
  try {
    return objectOf(value, above.length >= DEEPEST, part => shown(part, [...above, value]));
  } catch {
    // A getter of the user's that throws is not what the test is about.
    return '[Object]';
  }
}

function textOf(text: string): string {
  const more = text.length - LONGEST_TEXT;
  const inner = JSON.stringify(more > 0 ? text.slice(0, LONGEST_TEXT) : text).slice(1, -1);
  const quoted = `'${inner.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  return more > 0 ? `${quoted}... ${more} more characters` : quoted;
}

type Show = (part: unknown) => string;

function objectOf(value: object, isDeep: boolean, show: Show): string {
  const maker = Object.getPrototypeOf(value)?.constructor?.name as string | undefined;
  const name = maker === 'Object' ? '' : `${maker ?? '[Object: null prototype]'} `;
  if (value instanceof Error) return `[${value.name}: ${value.message}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (isDeep) return Array.isArray(value) ? '[Array]' : `[${name.trim() || 'Object'}]`;
  if (Array.isArray(value)) return listed('[', value, show, ']');
  if (value instanceof Map) {
    const pairs = [...value].map(([key, one]) => `${show(key)} => ${show(one)}`);
    return `Map(${value.size}) ${listed('{', pairs, String, '}')}`;
  }
  if (value instanceof Set) return `Set(${value.size}) ${listed('{', [...value], show, '}')}`;
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const items = [...(value as Uint8Array)];
    return `${name.trim()}(${items.length}) ${listed('[', items, show, ']')}`;
  }
  return name + listed('{', Object.keys(value), key => partOf(value, key, show), '}');
}

function partOf(value: object, key: string, show: Show): string {
  const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : textOf(key);
  return `${name}: ${show((value as Record<string, unknown>)[key])}`;
}

function listed<T>(open: string, parts: readonly T[], show: (part: T) => string, close: string): string {
  if (parts.length === 0) return open + close;
  const more = parts.length - MOST_PARTS;
  const told = parts.slice(0, MOST_PARTS).map(show);
  if (more > 0) told.push(`... ${more} more items`);
  return `${open} ${told.join(', ')} ${close}`;
}
