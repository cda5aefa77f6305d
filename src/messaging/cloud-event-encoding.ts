import { checkKeys, checkOneOf } from '../kernel/options.js';

/** How an event is put into a message. */
export interface CloudEventEncoding {
  /**
   * `binary`: attributes are headers and data is the body; `structured`: the body is the event as JSON.
   * @default 'binary'
   */
  readonly mode?: 'binary' | 'structured' | undefined;
}

/** Whether to write structured mode. Throws for an option that is unknown or no mode. */
export function isStructured(encoding: CloudEventEncoding | undefined, ...more: readonly string[]): boolean {
  if (encoding === undefined) return false;
  checkKeys('CloudEventEncoding', encoding, ['mode', ...more]);
  const { mode = 'binary' } = encoding;
  return checkOneOf('CloudEventEncoding', 'mode', mode, ['binary', 'structured']) === 'structured';
}
