import { isData, isRecord, show } from '../kernel/options.js';
import type { ProcessTopic, ProcessTopics } from './process-definition.js';

/** A command as it is to be written. */
export interface CheckedCommand {
  readonly to: string;
  readonly version: number;
  readonly data: unknown;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** Says which rule was broken, and by what. */
type Refuse = (rule: string, got: unknown) => never;

const parts = ['to', 'data', 'key', 'headers'];
/** As long as a bus takes: what is longer would be parked. */
const LONGEST_TEXT = 255;
const HEADER = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Whether it is a text that a bus takes for an id or a key. */
export function isBusText(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text.length <= LONGEST_TEXT;
}

/** What `isBusText` asks for. */
export const busText = `1 to ${LONGEST_TEXT} characters`;

function checkHeaders(to: string, headers: unknown, refuse: Refuse): void {
  const rule = `the headers of what is sent to ${show(to)} must be texts under names of a-z 0-9 -`;
  if (headers === undefined) return;
  if (!isRecord(headers)) refuse(rule, headers);
  for (const [name, text] of Object.entries(headers)) {
    if (!HEADER.test(name) || typeof text !== 'string') refuse(rule, name);
  }
}

/**
 * A command of a decision, by the rules of a bus, as far as they are known before it is published: what it
 * would refuse stands in the way of all that the process sends after it. `process` is the key of the process.
 *
 * Rejects with what `refuse` throws, and with what the topic does.
 */
export async function checkCommand(
  topics: ProcessTopics,
  process: string,
  command: unknown,
  refuse: Refuse,
): Promise<CheckedCommand> {
  if (!isRecord(command)) refuse('a command must be an object', command);
  const stranger = Object.keys(command).find(name => !parts.includes(name));
  if (stranger !== undefined) refuse(`a command must be of ${parts.join(', ')}`, stranger);
  const { to, data, headers } = command as { to: string; data: unknown; headers?: Record<string, string> };
  const topic = (Object.hasOwn(topics, to) ? topics[to] : undefined) as ProcessTopic<unknown> | undefined;
  if (topic === undefined) refuse('`to` must be of `sends`', to);
  if (!isData(data)) refuse(`what is sent to ${show(to)} must be JSON data`, data);
  checkHeaders(to, headers, refuse);
  await topic.check(data);
  // Of data that fits: the function may rely on it.
  const key: unknown = command['key'] ?? topic.keyOf(data) ?? process;
  if (!isBusText(key)) refuse(`the key of what is sent to ${show(to)} must be ${busText}`, key);
  return { to, version: topic.version, data, key, headers };
}
