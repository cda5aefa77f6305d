/** What a subscription tells. `at` is epoch ms; `id` is that of the message. */
export interface SubscriptionEvents {
  /** The broker hands over, for the first time or again. */
  ready: { readonly at: number };
  /** The connection was lost; it comes back by itself. */
  lost: { readonly at: number; readonly error: unknown };
  /** A message was handled, in `tookMs`. */
  handled: { readonly at: number; readonly id: string; readonly attempt: number; readonly tookMs: number };
  /** A message had been handled before; its handler did not run. */
  duplicate: { readonly at: number; readonly id: string };
  /** A run of the handler failed. */
  failed: { readonly at: number; readonly id: string; readonly attempt: number; readonly error: unknown };
  /** A message will come again, `delayMs` from now. */
  redelivered: { readonly at: number; readonly id: string; readonly delayMs: number };
  /** A message is a dead letter now. */
  deadLettered: {
    readonly at: number;
    readonly id: string;
    readonly reason: DeathReason;
    readonly error: unknown;
  };
  /** A message was dropped: its end had come, a verdict said so, or nobody keeps dead letters for it. */
  discarded: {
    readonly at: number;
    readonly id: string;
    readonly reason: 'expired' | 'verdict' | 'no-group';
  };
  /** A message could not be settled as it should: it was lost to another member, or the broker said no. */
  unsettled: { readonly at: number; readonly id: string; readonly error: unknown };
  /** The policy refuses to run handlers: nothing more is taken in for `forMs`. */
  paused: { readonly at: number; readonly forMs: number; readonly error: unknown };
  /** Handlers run again. */
  resumed: { readonly at: number };
}

/** Why a message is a dead letter. */
export type DeathReason = 'undecodable' | 'invalid' | 'verdict' | 'exhausted';

/** The names of all events. */
export const subscriptionEvents: readonly (keyof SubscriptionEvents)[] = [
  ...(['ready', 'lost', 'handled', 'duplicate', 'failed', 'redelivered', 'deadLettered'] as const),
  ...(['discarded', 'unsettled', 'paused', 'resumed'] as const),
];

/** What became of the messages that were held when a subscription ended. */
export interface Drained {
  /** Those whose handlers came to their end. */
  readonly finished: number;
  /** Those that were given back: not begun, or not done in time. */
  readonly released: number;
}
