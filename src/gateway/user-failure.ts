import type { IncomingCall } from './gateway-request.js';

/** Which code of the user's has failed. */
export interface UserCode {
  readonly kind: 'authenticator' | 'limit' | 'split';
  /** Its name; of a split that of its route. */
  readonly name: string;
  /** What of it was asked. */
  readonly part: 'authenticate' | 'by' | 'store';
}

/** Told of what code of the user's has thrown; the request has been answered for by then, or goes on. */
export type OnUserFailure = (code: UserCode, call: IncomingCall, error: unknown) => void;
