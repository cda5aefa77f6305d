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

/** Data that reads alike is alike; a function, or a budget, is only itself. */
function alike(a: unknown, b: unknown): boolean {
  return Object.is(a, b) || (isData(a) && isData(b) && JSON.stringify(a) === JSON.stringify(b));
}

function isData(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(part => typeof part !== 'object' || isData(part));
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
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
