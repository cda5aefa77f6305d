import { checkKeys, checkNumber } from '../kernel/options.js';
import { refuseMessage } from './cloud-event-refusal.js';

/** How much of a message is read, so that a stranger cannot make it expensive. Each may be `Infinity`. */
export interface CloudEventLimits {
  /**
   * Attributes of one event.
   * @default 128
   */
  readonly maxAttributes?: number | undefined;
  /**
   * Characters of all names and values of the attributes of one event, as the protocol carries them.
   * @default 65_536
   */
  readonly maxAttributeChars?: number | undefined;
  /**
   * Size of the body, in bytes.
   * @default 1_048_576
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Events of one batch.
   * @default 1_000
   */
  readonly maxEvents?: number | undefined;
}

/** The limits in force. */
export type Limits = { readonly [K in keyof CloudEventLimits]-?: number };

const standard: Limits = {
  maxAttributes: 128,
  maxAttributeChars: 65_536,
  maxBodyBytes: 1_048_576,
  maxEvents: 1_000,
};

/** The limits with what stands for those left out. Throws for one that is unknown or no number. */
export function limitsOf(given: CloudEventLimits | undefined): Limits {
  if (given === undefined) return standard;
  const known = Object.keys(standard) as (keyof Limits)[];
  checkKeys('CloudEventLimits', given, known);
  const rule = { min: 0, integer: true, infinity: true };
  const limits = known.map(name => [
    name,
    checkNumber('CloudEventLimits', name, given[name] ?? standard[name], rule),
  ]);
  return Object.fromEntries(limits) as Limits;
}

/** Throws a `CloudEventError` where a message has more than it may. */
export function checkLimit(limits: Limits, name: keyof Limits, value: number): void {
  if (value > limits[name]) refuseMessage(`\`${name}\` is ${limits[name]}`, value);
}

/** Counts the attributes of one event while they are read. */
export class AttributeMeter {
  #attributes = 0;
  #chars = 0;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  add(name: string, value: unknown): void {
    this.#chars += name.length + lengthOf(value);
    checkLimit(this.#limits, 'maxAttributes', ++this.#attributes);
    checkLimit(this.#limits, 'maxAttributeChars', this.#chars);
  }
}

/** Texts and bytes have a length; what is neither is short, or refused. */
function lengthOf(value: unknown): number {
  const length = (value as { length?: unknown }).length;
  return typeof length === 'number' ? length : 0;
}
