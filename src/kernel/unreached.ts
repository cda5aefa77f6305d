import { factOf } from './errors.js';

const codes: readonly unknown[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
];

/** Whether an error of the network says that the remote was never reached, so that nothing happened there. */
export function isUnreached(error: unknown): boolean {
  return codes.includes(factOf(error, 'code'));
}
