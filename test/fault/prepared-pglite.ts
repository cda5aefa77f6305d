import { type PGlite, protocol } from '@electric-sql/pglite';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';

const { serialize } = protocol;
const FLAG = 16;
const NUMBERS = [20, 21, 23, 700, 701];

/** A message of the server, as far as it is read here. */
interface Message {
  readonly name: string;
  readonly fields?: readonly (string | null | { readonly name: string; readonly dataTypeID: number })[];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function decoded(text: string | null, type: number): unknown {
  if (text === null) return null;
  if (type === FLAG) return text === 't';
  return NUMBERS.includes(type) ? Number(text) : text;
}

function rowsOf(messages: readonly Message[]): Record<string, unknown>[] {
  const columns = messages.find(({ name }) => name === 'rowDescription')?.fields ?? [];
  const rows = messages.filter(({ name }) => name === 'dataRow');
  return rows.map(({ fields }) =>
    Object.fromEntries(
      columns.map((column, at) => {
        const { name, dataTypeID } = column as { readonly name: string; readonly dataTypeID: number };
        return [name, decoded(fields![at] as string | null, dataTypeID)];
      }),
    ),
  );
}

/**
 * A PGlite that reads and plans each statement once, as a server does for whoever asks the same a hundred
 * thousand times: four times as fast as `query` of the PGlite itself.
 */
export function preparedClient(client: PGlite): PostgresClient {
  const known = new Map<string, string>();
  let made = 0;
  return {
    async query(text: string, params: readonly unknown[] = []) {
      const statement = known.get(text) ?? `s${made++}`;
      const parse = known.has(text) ? [] : [serialize.parse({ text, name: statement })];
      const values = params.map(param => (param === null || param === undefined ? null : String(param)));
      const asked = [
        ...[...parse, serialize.bind({ statement, values }), serialize.describe({ type: 'P' })],
        ...[serialize.execute({}), serialize.sync()],
      ];
      const { messages } = await client.runExclusive(() => client.execProtocol(joined(asked)));
      known.set(text, statement);
      return { rows: rowsOf(messages as readonly Message[]) };
    },
  };
}
