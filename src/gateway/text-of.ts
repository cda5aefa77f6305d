import { show } from '../kernel/options.js';

const one = (value: unknown): string => (typeof value === 'string' ? value : show(value));

/** Any value in words, or each of a list: data may hold objects that JavaScript makes no text of. */
export const textOf = (value: unknown): string => (Array.isArray(value) ? value.map(one).join() : one(value));
