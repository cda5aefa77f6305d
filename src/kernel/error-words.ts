import { factOf } from './errors.js';
import { show } from './options.js';

/** What is kept of an error where only data can be: its name, what it says, and its code where it has one. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** So much of a message is kept. */
const LONGEST_MESSAGE = 1_000;
const LONGEST_NAME = 200;

/**
 * An error as data, short enough to be kept. No stack: it says much about the inside of a service to whoever
 * may read what is stored. Whatever else was thrown is told by its type and its value.
 */
export function errorText(error: unknown): ErrorText {
  try {
    const isError = error instanceof Error;
    const name = (isError ? String(error.name) : typeof error).slice(0, LONGEST_NAME);
    const message = (isError ? String(error.message) : show(error)).slice(0, LONGEST_MESSAGE);
    const code = factOf(error, 'code');
    return typeof code === 'string'
      ? { name, message, code: code.slice(0, LONGEST_NAME) }
      : { name, message };
  } catch {
    return { name: 'unknown', message: 'an error that cannot be shown' };
  }
}
