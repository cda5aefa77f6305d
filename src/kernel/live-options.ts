import { checkKeys, given } from './options.js';

/** What an update changed: each option by its name, before and after. */
export type OptionChanges = Readonly<Record<string, { readonly from: unknown; readonly to: unknown }>>;

/** Puts back what an update changed; after the first call it does nothing. */
export type UndoUpdate = () => void;

/** What a primitive has to know of itself to be changed while it works. */
export interface LiveOptions<Options extends object> {
  /** Its name in error messages. */
  readonly owner: string;
  /** The present values of all options that can be changed. */
  read(): Options;
  /** Checks all of `next`, then takes it over; when it throws nothing has changed. */
  write(next: Options): void;
  /** Tells of what changed. */
  tell(changes: OptionChanges): void;
}

/**
 * Options that are data are alike when they read alike; functions, budgets and whatever else has state are
 * alike only to themselves.
 */
export function alike(a: unknown, b: unknown, depth = 0): boolean {
  if (Object.is(a, b)) return true;
  // What is deeper than anybody writes may be a circle.
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b) || depth > 32) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every(name => Object.hasOwn(b, name) && alike(a[name], b[name], depth + 1));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  return [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value));
}

/**
 * Changes the options in `patch` while the primitive works, and answers how to put them back.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
 */
export function updateOptions<Options extends object>(
  live: LiveOptions<Options>,
  patch: Partial<Options>,
): UndoUpdate {
  checkKeys(live.owner, patch, Object.keys(live.read()));
  const before = change(live, given(patch));
  let undone = false;
  return () => {
    if (!undone) change(live, before);
    undone = true;
  };
}

/** Answers what was there before, in what differs. */
function change<Options extends object>(
  live: LiveOptions<Options>,
  patch: Partial<Options>,
): Partial<Options> {
  const present = live.read();
  const differing = (Object.keys(patch) as (keyof Options & string)[]).filter(
    name => !alike(present[name], patch[name]),
  );
  const before: Partial<Options> = {};
  const changes: Record<string, { from: unknown; to: unknown }> = {};
  for (const name of differing) {
    before[name] = present[name];
    changes[name] = { from: present[name], to: patch[name] };
  }
  // Also when nothing differs: bad values are refused, whoever they are alike to.
  live.write({ ...present, ...patch });
  if (differing.length > 0) live.tell(changes);
  return before;
}
