import { newHexId, type Random } from '../kernel/random.js';

/** One entry of `tracestate`: the key of a tracing system, and what it says. */
export type TraceStateEntry = readonly [key: string, value: string];

/** Where a call stands in a distributed trace: W3C Trace Context, level 2. */
export interface TraceContext {
  /** 32 hex digits, the same for the whole trace. */
  readonly traceId: string;
  /** 16 hex digits: who calls. */
  readonly parentId: string;
  /** Whether the caller may have recorded the trace. */
  readonly sampled: boolean;
  /** Whether the last 7 bytes of `traceId` are random. */
  readonly random: boolean;
  /** What tracing systems have added, the latest first; 32 at most. */
  readonly state: readonly TraceStateEntry[];
}

/** The two headers. Extensions of an event have the same names, and mean the trace of its origin. */
export interface TraceHeaders {
  /** Version, trace, parent and flags in hex. */
  readonly traceparent: string;
  /** Left out where it would be empty. */
  readonly tracestate?: string;
}

/** What {@link childTraceContext} takes. */
export interface ChildTraceOptions {
  /**
   * Whether this service records the trace.
   * @default what the parent says, `false` where there is none
   */
  readonly sampled?: boolean | undefined;
  /** Chance for the ids in place of the cryptographic one of the runtime, for tests. */
  readonly random?: Random | undefined;
}

const MAX_ENTRIES = 32;
const SAMPLED = 1;
const RANDOM = 2;

/**
 * Reads the headers of a caller, or the extensions of an event. A `traceparent` that is missing or invalid is
 * `undefined`: the trace begins here. A `tracestate` that is invalid is left out. Never throws.
 *
 * @example
 * ```ts
 * import { parseTraceContext } from 'keelson';
 *
 * const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
 * parseTraceContext({ traceparent })?.sampled; // => true
 * ```
 */
export function parseTraceContext(
  headers: Readonly<Record<string, unknown>> | Partial<TraceHeaders>,
): TraceContext | undefined {
  const { traceparent, tracestate } = headers as Readonly<Record<string, unknown>>;
  if (typeof traceparent !== 'string') return undefined;
  const form = /^[ \t]*([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-[^ \t]*)?[ \t]*$/;
  const [, version, traceId = '', parentId = '', flags = '', more] = form.exec(traceparent) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  const bits = Number.parseInt(flags, 16);
  return {
    traceId,
    parentId,
    sampled: (bits & SAMPLED) !== 0,
    random: (bits & RANDOM) !== 0,
    state: parseState(tracestate),
  };
}

/** Several headers are one list; one wrong member spoils all of it, and of a key the first one counts. */
function parseState(tracestate: unknown): TraceStateEntry[] {
  const headers = Array.isArray(tracestate) ? tracestate : [tracestate];
  const entries = new Map<string, string>();
  let count = 0;
  for (const header of headers) {
    if (typeof header !== 'string') return [];
    for (const member of membersOf(header)) {
      const entry = entryOf(member);
      if (entry === undefined || ++count > MAX_ENTRIES) return [];
      if (!entries.has(entry[0])) entries.set(entry[0], entry[1]);
    }
  }
  return [...entries];
}

/** The members that are not blank. A value keeps the blanks before it; those after it belong to the list. */
function* membersOf(header: string): Generator<string> {
  for (const member of header.split(',')) {
    let [from, to] = [0, member.length];
    while (from < to && isBlank(member[from])) from++;
    while (to > from && isBlank(member[to - 1])) to--;
    if (from < to) yield member.slice(from, to);
  }
}

const isBlank = (char: string | undefined): boolean => char === ' ' || char === '\t';

function entryOf(member: string): TraceStateEntry | undefined {
  const equals = member.indexOf('=');
  const [key, value] = [member.slice(0, equals), member.slice(equals + 1)];
  return equals > 0 && isKey(key) && isValue(value) ? [key, value] : undefined;
}

const isKey = (key: string): boolean => /^[a-z\d][a-z\d_*/@-]{0,255}$/.test(key);
const isValue = (value: string): boolean => /^[ -+\--<>-~]{0,255}[!-+\--<>-~]$/.test(value);

/** The headers for the next call: version 00, the flags that level 2 knows. */
export function formatTraceContext(context: TraceContext): TraceHeaders {
  const { traceId, parentId, sampled, random, state } = context;
  const flags = (sampled ? SAMPLED : 0) | (random ? RANDOM : 0);
  const traceparent = `00-${traceId}-${parentId}-0${flags}`;
  if (state.length === 0) return { traceparent };
  return { traceparent, tracestate: state.map(([key, value]) => `${key}=${value}`).join(',') };
}

/** A new parent within the trace, for what this service calls next; a new trace where there is none. */
export function childTraceContext(
  parent: TraceContext | undefined,
  { sampled, random }: ChildTraceOptions = {},
): TraceContext {
  return {
    traceId: parent?.traceId ?? newHexId(16, random),
    parentId: newHexId(8, random),
    sampled: sampled ?? parent?.sampled ?? false,
    random: parent?.random ?? true,
    state: parent?.state ?? [],
  };
}

/**
 * The context with an entry of `tracestate` in front, in place of what the key said before; the last entry
 * goes where there are more than 32. Throws a `TypeError` for a key or a value that the header cannot have.
 */
export function withTraceState(context: TraceContext, key: string, value: string): TraceContext {
  if (!isKey(key)) throw new TypeError(`withTraceState: \`key\` must be a key of tracestate, got ${key}`);
  if (!isValue(value)) throw new TypeError(`withTraceState: \`value\` must be printable, got ${value}`);
  const others = context.state.filter(([other]) => other !== key);
  return { ...context, state: [[key, value] as const, ...others].slice(0, MAX_ENTRIES) };
}
