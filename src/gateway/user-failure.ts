import type { IncomingCall } from './gateway-request.js';

/** Which code of the user's has failed. */
export interface UserCode {
  readonly kind: 'authenticator' | 'limit' | 'split' | 'function';
  /** Its name; of a split or a function that of its route. */
  readonly name: string;
  /** What of it was asked. */
  readonly part: 'authenticate' | 'by' | 'store' | 'answer';
}

/** Told of what code of the user's has thrown; the request has been answered for by then, or goes on. */
export type OnUserFailure = (code: UserCode, call: IncomingCall, error: unknown) => void;
