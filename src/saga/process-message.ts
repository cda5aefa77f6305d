import { isRecord, refuse } from '../kernel/options.js';
import type { BusMessage } from './process-bus.js';
import { busText, isBusText } from './process-command.js';

const verb = 'handle';

/**
 * A message that did not come over a bus, which would have asked for the same.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function checkMessage(
  types: readonly string[],
  type: unknown,
  message: { readonly id: string; readonly data: unknown } & Partial<BusMessage>,
): BusMessage {
  if (!types.includes(type as string)) refuse(verb, 'type', `one of ${types.join(', ')}`, type);
  if (!isRecord(message)) refuse(verb, 'message', 'an object', message);
  const { id, correlationId = id, time, headers = {} } = message;
  for (const [option, text] of Object.entries({ id, correlationId })) {
    if (!isBusText(text)) refuse(verb, option, `a text of ${busText}`, text);
  }
  return { ...message, correlationId, time, headers };
}
