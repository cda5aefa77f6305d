import { createHash } from 'node:crypto';

/** The stream of what is published. */
export const streamOf = (prefix: string): string => prefix;

/** The stream of dead letters. */
export const deadStreamOf = (prefix: string): string => `${prefix}-dead`;

/** The subject of a topic, or of a pattern: tokens and wildcards of a bus are those of NATS. */
export const subjectOf = (prefix: string, pattern: string): string => `${prefix}.${pattern}`;

/** The topic that was published to. */
export const topicIn = (prefix: string, subject: string): string => subject.slice(prefix.length + 1);

/** The subject of the dead letters of a group. */
export const deadSubjectOf = (prefix: string, topic: string, group: string): string =>
  `${deadStreamOf(prefix)}.${group}.${topic}`;

/** What no name of a consumer may have in it, and what stands there instead: no topic has that. */
const inNames: Readonly<Record<string, string>> = { '.': '+', '*': '@', '>': '~' };
/** A folder may have a name of 255 bytes. */
const LONGEST_NAME = 200;

/** The consumer of a group: no two groups, and no two patterns, have the same. */
export function consumerOf(group: string, pattern: string): string {
  const name = `${group},${pattern.replace(/[.*>]/g, character => inNames[character]!)}`;
  if (name.length <= LONGEST_NAME) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32);
  return `${name.slice(0, LONGEST_NAME - 33)},${hash}`;
}

/** Whether a message comes from a consumer and is to be settled: not what the server says of a request. */
export function isDelivery({ reply }: { readonly reply?: string }): boolean {
  return reply?.startsWith('$JS.ACK.') === true;
}

/** What the subject for the settlement of a delivery tells of it. */
export interface Place {
  /** Its number in the stream. */
  readonly seq: number;
  /** Which delivery to the consumer it is, from 1. */
  readonly delivery: number;
  /** When it was stored, epoch ns: tells it from one of the same number in a stream of the same name. */
  readonly stored: string;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivery>.<seq>.<consumer seq>.<ns>.<pending>`, also in its longer form
 * with a domain and an account; `undefined` for any other subject.
 */
export function placeOf(reply: string | undefined): Place | undefined {
  const tokens = (reply ?? '').split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const from = tokens.length === 9 ? 4 : tokens.length >= 11 ? 6 : 0;
  if (from === 0) return undefined;
  return { delivery: Number(tokens[from]), seq: Number(tokens[from + 1]), stored: tokens[from + 3]! };
}
