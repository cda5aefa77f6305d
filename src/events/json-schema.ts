/** Deeper than anybody writes: it may be a circle. */
const DEEPEST = 100;
/** Larger than anybody writes: its parts may be shared over and over. */
const MOST_PARTS = 100_000;

/** Keywords whose value is data and not a schema: nothing in it is a reference. */
const DATA: ReadonlySet<string> = /* @__PURE__ */ new Set(['const', 'default', 'enum', 'examples']);

/** Keywords that hold schemas by names of the user's: there `default` is a name. */
const NAMED: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...['properties', 'patternProperties', 'definitions', '$defs', 'dependencies', 'dependentSchemas'],
]);

/**
 * A JSON Schema as a part of a larger document, where it stands under `root`: what it says of itself by `#…`
 * is to be found there. `$schema` and `$id` of the whole are left out, for a part has none.
 */
export function rerooted(schema: object, root: string): object {
  const { $schema: _, $id: __, ...rest } = schema as Readonly<Record<string, unknown>>;
  return reroot(rest, { root, left: MOST_PARTS }, false, 0) as object;
}

interface Move {
  readonly root: string;
  left: number;
}

function reroot(value: unknown, move: Move, named: boolean, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) throw new TypeError(`toAsyncApi: a JSON Schema is more than ${DEEPEST} levels deep`);
  if (--move.left < 0) throw new TypeError(`toAsyncApi: a JSON Schema has more than ${MOST_PARTS} parts`);
  if (Array.isArray(value)) return value.map(one => reroot(one, move, false, depth + 1));
  const fields = Object.entries(value).map(([key, field]): [string, unknown] => {
    if (!named && key === '$ref' && typeof field === 'string') {
      return [key, field.startsWith('#') ? move.root + field.slice(1) : field];
    }
    if (!named && DATA.has(key)) return [key, field];
    return [key, reroot(field, move, !named && NAMED.has(key), depth + 1)];
  });
  return Object.fromEntries(fields);
}
