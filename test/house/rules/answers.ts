import type { Capabilities } from '../../../src/messaging/capabilities.js';

/** What each capability says, as a row of a table. */
export const answersWords: Readonly<
  Record<Exclude<keyof Capabilities, 'maxRecordBytes' | 'longestLeaseMs'>, string>
> = {
  confirm: 'A publish that has resolved means',
  durableGroups: 'A group outlives its members',
  fanOut: 'A subscriber without a group gets everything',
  wildcards: 'Subscriptions to patterns',
  redeliverOnCrash: 'What a crashed consumer held goes to',
  nackDelay: 'Giving back for later',
  attempt: 'What a delivery knows of those before it',
  extendLease: 'A lease is extended while a handler runs',
  deadLetter: 'Dead letters',
  browseDeadLetters: 'Dead letters are listed, replayed, discarded',
  delayedPublish: 'Publishing for later',
  ttl: 'A message has an end',
  priorities: 'How many priorities there are',
  order: 'The most that is kept in order',
  nackKeepsOrder: 'What is given back keeps its place',
  earliest: 'A new group gets what came before it',
  dedupe: 'A repeated id is known again',
  transactionalPublish: 'A message is part of your transaction',
  dealsInTurn: 'Members get their share in turn, with room or without',
};

const said = (answer: unknown): string =>
  answer === true
    ? 'yes'
    : answer === undefined || answer === false || answer === 'none' || answer === 0
      ? '–'
      : String(answer);

/** A column for each driver, a row for each capability. */
export function answersTable(drivers: Readonly<Record<string, Partial<Capabilities>>>): string {
  const names = Object.keys(drivers);
  const rows = Object.entries(answersWords).map(([capability, words]) => {
    const answers = names.map(name => said(drivers[name]![capability as keyof Capabilities]));
    return `| ${[`${words} (\`${capability}\`)`, ...answers].join(' | ')} |`;
  });
  return [`| | ${names.join(' | ')} |`, `| --- |${' --- |'.repeat(names.length)}`, ...rows].join('\n');
}

const begin = '<!-- answers: npm run answers -->';
const end = '<!-- /answers -->';

/** The page with `table` between the two marks. */
export function replaceBlock(page: string, table: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/messaging.md has no block from ${begin} to ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}

/** What one driver declares, how it comes by it, and where both are told. */
export interface Declared {
  /** The text of the file that declares its capabilities: each has its sentence there, and nowhere else. */
  readonly source: string;
  readonly capabilities: Partial<Capabilities>;
  /** The page of the driver, which has the value of what only an option says. */
  readonly page: string;
}

const member = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}readonly (\w+)\??: ([^;]+);/g;
const table = /\| Capability \| Here \| How \|\n(?:\|.*\|\n)+/;

/** The page with a row for each capability that the file declares. */
export function withHow({ source, capabilities, page }: Declared): string {
  const there = table.exec(page)?.[0];
  if (there === undefined) throw new Error('the page has no table | Capability | Here | How |');
  const rows = [...source.matchAll(member)].map(([, doc, name, type]) => {
    const how = doc!.replaceAll(/\s*\n\s*\*?\s?/g, ' ').trim();
    const value = capabilities[name as keyof Capabilities];
    const before = new RegExp(`\\| \`${name}\` \\| (\`[^\`]*\`) \\|`).exec(there)?.[1];
    const here = type !== 'number' ? `\`${type}\`` : value === undefined ? before : `\`${value}\``;
    return `| \`${name}\` | ${here} | ${how} |`;
  });
  return page.replace(table, () => `| Capability | Here | How |\n| --- | --- | --- |\n${rows.join('\n')}\n`);
}
