import { isFieldName } from '../core/request-fields.js';
import { isRecord, refuse } from '../kernel/options.js';

/** Fields that frame a message or belong to a connection: nobody sets them by hand. */
export const framing = [
  'content-length',
  'transfer-encoding',
  'connection',
  'host',
  'trailer',
  'te',
  'upgrade',
];

/** New names of fields by their old ones, in lower case. */
export type Renames = ReadonlyMap<string, string>;

/** @throws TypeError that names the option, the rule and the value. */
export function planRenames(owner: string, option: string, record: unknown): Renames {
  if (record === undefined) return new Map();
  if (!isRecord(record)) refuse(owner, option, 'an object of new names by old ones', record);
  const pairs = Object.entries(record).map(([from, to]) => {
    for (const name of [from, to]) {
      if (typeof name !== 'string' || !isFieldName(name) || framing.includes(name.toLowerCase()))
        refuse(owner, option, 'of names of fields that frame nothing', name);
    }
    return [from.toLowerCase(), to as string] as const;
  });
  return new Map(pairs);
}

/** The fields under their new names, in their order. Name, value, name, value … */
export function renamed(fields: string[], renames: Renames): string[] {
  if (renames.size === 0) return fields;
  return fields.map((text, at) => (at % 2 === 1 ? text : (renames.get(text.toLowerCase()) ?? text)));
}

/** Statuses for clients by those of the upstream. */
export type StatusMap = ReadonlyMap<number, number>;

/** Statuses with which an answer has no body, and one that is a part of one. */
const BARE = [204, 205, 206, 304];

/** @throws TypeError that names the option, the rule and the value. */
export function planStatuses(owner: string, record: unknown): StatusMap {
  if (record === undefined) return new Map();
  if (!isRecord(record)) refuse(owner, 'answerStatus', 'an object of statuses by statuses', record);
  const pairs = Object.entries(record).map(([from, to]) => {
    for (const status of [Number(from), to]) {
      const fits = Number.isInteger(status) && (status as number) >= 200 && (status as number) <= 599;
      if (!fits || BARE.includes(status as number))
        refuse(owner, 'answerStatus', `of statuses from 200 to 599, but for ${BARE.join(', ')}`, status);
    }
    return [Number(from), to as number] as const;
  });
  return new Map(pairs);
}
