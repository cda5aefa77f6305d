import { CloudEventError } from '../kernel/errors.js';
import { show } from '../kernel/options.js';
import { isBytes } from './bytes.js';

const SHOWN = 80;

/** A value in a message, never all of a long one. */
function shown(value: unknown): string {
  if (isBytes(value)) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== 'string' || value.length <= SHOWN) return show(value);
  return `${show(value.slice(0, SHOWN))}… (${value.length} characters)`;
}

/** Throws a `CloudEventError` that names the attribute, the rule and the value. */
export function refuseAttribute(attribute: string, rule: string, value: unknown): never {
  const name = show(attribute.slice(0, SHOWN)).slice(1, -1);
  throw new CloudEventError(`CloudEvent: \`${name}\` must be ${rule}, got ${shown(value)}`, attribute);
}

/** Throws a `CloudEventError` about the message as a whole. */
export function refuseMessage(rule: string, value: unknown, cause?: unknown): never {
  const facts = cause === undefined ? {} : { cause };
  throw new CloudEventError(`CloudEvent: ${rule}, got ${shown(value)}`, undefined, facts);
}
