import type { NewOutboxMessage } from '../../data/outbox-store.js';
import { toColumn } from '../postgres/names.js';
import type { MariadbClient } from './client.js';
import { addIn } from './outbox-statements.js';
import type { OwnDatabase } from './own-database.js';

/** A statement has so many messages, and characters of data, or one message: packets have an end. */
const MOST_MESSAGES = 500;
const MOST_CHARACTERS = 1_048_576;

const sizeOf = ({ body, facts }: NewOutboxMessage): number => body.length + facts.length;

/** In their order, each part no larger than a statement may be. */
export function partsOf(messages: readonly NewOutboxMessage[]): readonly (readonly NewOutboxMessage[])[] {
  const parts: NewOutboxMessage[][] = [];
  let characters = 0;
  for (const message of messages) {
    const part = parts.at(-1);
    characters += sizeOf(message);
    if (part !== undefined && part.length < MOST_MESSAGES && characters <= MOST_CHARACTERS) {
      part.push(message);
      continue;
    }
    parts.push([message]);
    characters = sizeOf(message);
  }
  return parts;
}

const paramsOf = (message: NewOutboxMessage): unknown[] => {
  const { bucket, key, ordered, topic, version, id, body, facts } = message;
  return [bucket, toColumn(key), ordered, topic, version, toColumn(id), body, facts];
};

/** Writes messages as a part of a transaction: all of them, or none. */
export async function addMessages(
  db: OwnDatabase,
  transaction: MariadbClient,
  messages: readonly NewOutboxMessage[],
): Promise<void> {
  const parts = partsOf(messages);
  const add = async (part: readonly NewOutboxMessage[]): Promise<void> => {
    await db.change(addIn(db.name, part.length), part.flatMap(paramsOf), transaction);
  };
  if (parts.length === 1) return add(parts[0]!);
  // A statement that fails ends no transaction here: what came before it would stay.
  await db.change('SAVEPOINT keelson_outbox', [], transaction);
  try {
    for (const part of parts) await add(part);
  } catch (error) {
    // After a deadlock all of it is gone, the savepoint as well.
    await db.change('ROLLBACK TO SAVEPOINT keelson_outbox', [], transaction).catch(() => {});
    throw error;
  }
  await db.change('RELEASE SAVEPOINT keelson_outbox', [], transaction);
}
