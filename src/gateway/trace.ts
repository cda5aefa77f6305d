import { checkFlag, checkKeys, checkOneOf, refuse } from '../kernel/options.js';
import { newHexId } from '../kernel/random.js';
import { formatTraceContext, parseTraceContext, type TraceContext } from '../messaging/trace-context.js';
import type { IncomingCall } from './gateway-request.js';

/** How requests take their place in a distributed trace: W3C Trace Context. */
export interface TraceRules {
  /** Whether traces that begin here are sampled. @default false */
  readonly sampled?: boolean;
  /** Whose traces go on: those of all, or of `trustedPeers` alone; others begin anew. @default 'all' */
  readonly from?: 'all' | 'peers';
}

/** The checked rules. */
export type TracePlan = Required<TraceRules>;

/** @throws TypeError that names the option, the rule and the value. */
export function planTrace(owner: string, trace: unknown): TracePlan | undefined {
  if (trace === undefined || trace === false) return undefined;
  if (trace === true) return { sampled: false, from: 'all' };
  if (typeof trace !== 'object') refuse(owner, 'trace', 'true, false or an object', trace);
  checkKeys(`${owner}: \`trace\``, trace, ['sampled', 'from']);
  const { sampled = false, from = 'all' } = trace as TraceRules;
  return {
    sampled: checkFlag(owner, 'trace.sampled', sampled),
    from: checkOneOf(owner, 'trace.from', from, ['all', 'peers']),
  };
}

/** So many bytes are drawn at a time: to ask the system for a few takes as long. */
const POOL_BYTES = 2_048;

/** Ids that nobody can guess, for who needs many: drawn in advance. */
export class HexIds {
  #pool = '';
  #at = 0;

  /** Bytes in lower-case hex; never all zero. */
  next(bytes: number): string {
    if (this.#at + bytes * 2 > this.#pool.length) {
      this.#pool = newHexId(POOL_BYTES);
      this.#at = 0;
    }
    const id = this.#pool.slice(this.#at, this.#at + bytes * 2);
    this.#at += bytes * 2;
    return /^0+$/.test(id) ? `${id.slice(1)}1` : id;
  }
}

/** Gives a request its place. What cannot be read begins a new trace. */
export function traceRequest(call: IncomingCall, plan: TracePlan, ids: HexIds): void {
  const goesOn = plan.from === 'all' || call.trusted;
  const tracestate = call.header('tracestate');
  const parent = goesOn
    ? parseTraceContext({
        ...{ traceparent: call.header('traceparent') },
        ...(tracestate === undefined ? {} : { tracestate }),
      } as Record<string, unknown>)
    : undefined;
  const context: TraceContext = {
    traceId: parent?.traceId ?? ids.next(16),
    parentId: ids.next(8),
    sampled: parent?.sampled ?? plan.sampled,
    random: parent?.random ?? true,
    state: parent?.state ?? [],
  };
  const { traceId, parentId: spanId, sampled } = context;
  call.trace = { traceId, spanId, parentId: parent?.parentId, sampled };
  call.traceFields = Object.entries(formatTraceContext(context)).flat();
}
