import type { Position } from '../../events/event-feed.js';
import type { ParkedEvent, SavedProjection } from '../../events/projection-store.js';
import type { Row } from './client.js';

/** A position as a column has it: what kind it is, and itself. */
export function positionText(position: Position | undefined): string | null {
  if (position === undefined) return null;
  const kind = typeof position === 'number' ? 'n' : typeof position === 'bigint' ? 'b' : 't';
  return `${kind} ${position}`;
}

/** The position that {@link positionText} wrote. */
export function positionOf(text: string | null): Position | undefined {
  if (text === null) return undefined;
  const rest = text.slice(2);
  if (text.startsWith('n ')) return Number(rest);
  return text.startsWith('b ') ? BigInt(rest) : rest;
}

export const parkedText = (parked: readonly ParkedEvent[]): string =>
  JSON.stringify(parked.map(event => ({ ...event, position: positionText(event.position) })));

function parkedOf(text: string): readonly ParkedEvent[] {
  const all = JSON.parse(text) as (Omit<ParkedEvent, 'position'> & { readonly position: string })[];
  return all.map(event => ({ ...event, position: positionOf(event.position)! }));
}

export function savedOf<State>(row: Row): SavedProjection<State> {
  const { position, parked, state } = row as {
    position: string | null;
    parked: string;
    state: string | null;
  };
  return {
    position: positionOf(position),
    parked: parkedOf(parked),
    ...(state !== null && { state: JSON.parse(state) as State }),
  };
}
