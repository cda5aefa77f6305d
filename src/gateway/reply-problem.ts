import { isFieldName, isFieldValue } from '../core/request-fields.js';
import { isRecord, show } from '../kernel/options.js';

/** What is wrong with a reply that is data; `undefined` where it can be sent. */
export function replyProblem(
  reply: Readonly<Record<string, unknown>>,
): { readonly field: string; readonly says: string } | undefined {
  const { status = 200, headers, body, json } = reply;
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    return { field: 'status', says: `must be an integer >= 200 <= 599, got ${show(status)}` };
  }
  if (body !== undefined && body !== null && typeof body !== 'string') {
    return { field: 'body', says: `must be a text, got ${show(body)}` };
  }
  if (body !== undefined && json !== undefined) {
    return { field: 'json', says: 'must not stand beside `body`' };
  }
  if (headers === undefined) return undefined;
  if (!isRecord(headers)) return { field: 'headers', says: `must be an object, got ${show(headers)}` };
  const wrong = Object.entries(headers).find(([name, values]) => {
    const list = [values].flat();
    return !isFieldName(name) || !list.every(value => typeof value === 'string' && isFieldValue(value));
  });
  return wrong && { field: 'headers', says: `holds ${show(wrong[0])}, which is no field with its value` };
}
