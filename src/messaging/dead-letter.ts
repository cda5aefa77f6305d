import { errorText } from '../kernel/error-words.js';
import type { DeathReason } from './consumer-events.js';
import { header } from './headers.js';

/** The topic that dead letters are copied to, where the broker has no place of its own for them. */
export function deadLetterTopic(topic: string, group: string): string {
  return `${topic}.${group}.dlq`;
}

/**
 * What a dead letter tells of its death. No stack: it says much about the inside of a service to whoever may
 * read the queue.
 */
export function deathHeaders(
  group: string,
  reason: DeathReason,
  error: unknown,
  at: number,
  attempts: number,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    [header.deathGroup]: group,
    [header.deathReason]: reason,
    [header.deathAt]: String(at),
    [header.deathAttempts]: String(attempts),
  };
  if (error === undefined) return headers;
  const { name, message, code } = errorText(error);
  headers[header.deathError] = name;
  headers[header.deathMessage] = message;
  if (code !== undefined) headers[header.deathCode] = code;
  return headers;
}

const deathNames: readonly string[] = [
  ...[header.deathGroup, header.deathReason, header.deathError, header.deathCode],
  ...[header.deathMessage, header.deathAt, header.deathAttempts, header.attempt],
];

/** The headers of a dead letter as they were in its life, and how often it has come back. */
export function livingHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const living = Object.fromEntries(Object.entries(headers).filter(([name]) => !deathNames.includes(name)));
  living[header.replays] = String(Number(headers[header.replays] ?? 0) + 1);
  return living;
}
