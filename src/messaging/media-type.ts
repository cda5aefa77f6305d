import { refuseMessage } from './cloud-event-refusal.js';

/** `type/subtype` in front of parameters; those are not looked into. */
const form = /^[!#$%&'*+.^`|~\w-]+\/[!#$%&'*+.^`|~\w-]+[ \t]*(?:;|$)/;

/** Whether a text is a media type of RFC 2046, with or without parameters. */
export const isMediaType = (text: string): boolean => form.test(text);

const nameOf = (type: string): string => type.split(';', 1)[0]!.trim().toLowerCase();

/** Whether content of a type is JSON: the subtype is `json` or ends in `+json`. */
export function isJson(type: string): boolean {
  const name = nameOf(type);
  return name.endsWith('/json') || name.endsWith('+json');
}

/** Whether a type names no charset, or UTF-8 or what is a part of it. */
export function isUtf8(type: string): boolean {
  const charset = /;[ \t]*charset[ \t]*=[ \t]*"?([^\s;"]*)/i.exec(type)?.[1] ?? 'utf-8';
  return /^(?:utf-?8|us-ascii)$/i.test(charset);
}

/** Whether content of a type is text in UTF-8: `text/*` or XML. */
export function isText(type: string): boolean {
  const name = nameOf(type);
  return (name.startsWith('text/') || name.endsWith('/xml') || name.endsWith('+xml')) && isUtf8(type);
}

/** How a message carries its event. */
export type ContentMode = 'binary' | 'structured' | 'batch';

/** Whether a type says that the content is an event: what it would be taken for as the type of a message. */
export const isEventType = (type: string): boolean => nameOf(type).startsWith('application/cloudevents');

/** The types that this package writes. */
export const EVENT_TYPE = 'application/cloudevents+json; charset=utf-8';
/** A list of events. */
export const BATCH_TYPE = 'application/cloudevents-batch+json; charset=utf-8';

/** Reads the mode off a content type, whatever its case and parameters. Only JSON is a format we know. */
export function contentModeOf(type: string | undefined): ContentMode {
  if (type === undefined || !isEventType(type)) return 'binary';
  const format = nameOf(type).slice('application/cloudevents'.length);
  if (format === '+json' || format === '') return 'structured';
  if (format === '-batch+json' || format === '-batch') return 'batch';
  return refuseMessage('the event format must be JSON', type);
}
