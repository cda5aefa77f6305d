import type { StateChange } from '../protocol.js';
import { element, setAttribute } from './dom.js';
import { clockTime, span } from './text.js';

/** So much of the past is shown. */
const SPAN_MS = 15 * 60_000;

const tones: Readonly<Record<string, string>> = {
  closed: 'good',
  'half-open': 'warn',
  open: 'bad',
  isolated: 'bad',
  disabled: 'idle',
};

/** The tone in which a state of a breaker is shown. */
export const toneOf = (state: string): string => tones[state] ?? 'idle';

interface Stretch {
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

/** The states in a span of time, the oldest first; what was before the first change is that change's past. */
export function stretches(changes: readonly StateChange[], now: string, from: number, to: number): Stretch[] {
  const found: Stretch[] = [];
  let state = changes[0]?.at === 0 ? changes[0].state : changes.length > 0 ? 'unknown' : now;
  let since = from;
  for (const change of changes) {
    if (change.at > since && change.at <= to) {
      found.push({ state, from: since, to: change.at });
      since = change.at;
    }
    if (change.at <= to) state = change.state;
  }
  found.push({ state, from: since, to });
  return found;
}

/** A bar that shows in which states a breaker was, over the last quarter of an hour. */
export class Timeline {
  readonly #bar = element('div', { class: 'timeline', attributes: { role: 'img' } });
  readonly root = element(
    'div',
    { class: 'timeline-box' },
    this.#bar,
    element(
      'div',
      { class: 'timeline-ends faint', attributes: { 'aria-hidden': 'true' } },
      element('span', { text: `${span(SPAN_MS)} ago` }),
      element('span', { text: 'now' }),
    ),
  );

  update(changes: readonly StateChange[], state: string, at: number): void {
    const from = at - SPAN_MS;
    const parts = stretches(changes, state, from, Math.max(at, from + 1));
    while (this.#bar.childElementCount > parts.length) this.#bar.lastElementChild?.remove();
    while (this.#bar.childElementCount < parts.length) this.#bar.append(element('span'));
    for (const [index, part] of parts.entries()) {
      const piece = this.#bar.children[index] as HTMLElement;
      piece.className = `tone-${toneOf(part.state)}`;
      // No stretch is so short that nobody sees it.
      piece.style.setProperty('flex', `${part.to - part.from} 0 3px`);
      piece.title = `${part.state}, ${clockTime(part.from)} to ${clockTime(part.to)}`;
    }
    const told = parts.map(part => `${part.state} for ${span(part.to - part.from)}`);
    setAttribute(this.#bar, 'aria-label', `The last ${span(SPAN_MS)}: ${told.slice(-8).join(', ')}`);
  }
}
