import type { BarrierDirection } from '../core/barrier.js';
import { isRecord, show } from '../kernel/options.js';
import { BarrierKeyError } from './barrier-errors.js';

/** A call of a saga to a participant. */
export interface BarrierCall {
  /** The id of the saga, at most 256 characters. */
  readonly saga: string;
  /** The name of the step, without a colon, at most 128 characters. */
  readonly step: string;
  /** Whether the step is done, or undone. */
  readonly direction: BarrierDirection;
  /** That of the orchestrator, an integer >= 0; a call with a lower one than has been seen is refused. */
  readonly epoch?: number | undefined;
}

const LONGEST_SAGA = 256;
const LONGEST_STEP = 128;

/** The parts of `saga:step:direction`. The id of a saga may hold colons itself. */
function partsOf(key: string): BarrierCall {
  const last = key.lastIndexOf(':');
  const first = key.lastIndexOf(':', last - 1);
  const direction = key.slice(last + 1) as BarrierDirection;
  return { saga: key.slice(0, Math.max(first, 0)), step: key.slice(first + 1, Math.max(last, 0)), direction };
}

/** @throws BarrierKeyError when no saga sends such a key. */
export function readBarrierKey(key: unknown): BarrierCall {
  if (typeof key !== 'string' && !isRecord(key)) {
    throw new BarrierKeyError(`barrier: a key must be a string or an object, got ${show(key)}`);
  }
  const { saga, step, direction, epoch } =
    typeof key === 'string' ? partsOf(key) : (key as unknown as BarrierCall);
  const wrong = (part: string, rule: string, value: unknown): BarrierKeyError => {
    const where = typeof key === 'string' ? ` in ${show(key.slice(0, LONGEST_SAGA))}` : '';
    return new BarrierKeyError(`barrier: the ${part} of a key must be ${rule}, got ${show(value)}${where}`);
  };
  if (typeof saga !== 'string' || saga === '' || saga.length > LONGEST_SAGA) {
    throw wrong('saga', `a string of 1 to ${LONGEST_SAGA} characters`, saga);
  }
  if (typeof step !== 'string' || step === '' || step.length > LONGEST_STEP || step.includes(':')) {
    throw wrong('step', `a string of 1 to ${LONGEST_STEP} characters without a colon`, step);
  }
  if (direction !== 'forward' && direction !== 'compensate') {
    throw wrong('direction', "'forward' or 'compensate'", direction);
  }
  if (epoch !== undefined && !(Number.isSafeInteger(epoch) && epoch >= 0)) {
    throw wrong('epoch', 'an integer >= 0', epoch);
  }
  return { saga, step, direction, epoch };
}
