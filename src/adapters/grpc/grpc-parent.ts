import type { GrpcCallOptions } from './grpc-client.js';

// What a call takes over from the one that it is a part of: bits of `propagate_flags`.
const DEADLINE = 1;
const CANCELLATION = 8;
const ALL = 65_535;

/** When an answer stops being wanted, in epoch ms: by the call itself, or the one that it is a part of. */
export function deadlineOf({ deadline = Infinity, parent, propagate_flags = ALL }: GrpcCallOptions): number {
  const inherited = parent && propagate_flags & DEADLINE ? Number(parent.getDeadline()) : Infinity;
  return Math.min(Number(deadline), inherited);
}

/** Hears when the call that this one is a part of is cancelled, until the function returned is called. */
export function followParent(options: GrpcCallOptions, onCancelled: () => void): () => void {
  const { parent, propagate_flags = ALL } = options;
  if (!parent || (propagate_flags & CANCELLATION) === 0) return () => {};
  if (parent.cancelled === true) onCancelled();
  parent.on('cancelled', onCancelled);
  return () => void parent.off('cancelled', onCancelled);
}
