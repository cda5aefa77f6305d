import type { ThingFacts } from '../protocol.js';
import { Card, Numbers } from './card.js';
import { element, type Part, setText } from './dom.js';
import { fields, number, stateOf, text } from './facts.js';
import type { Badge, Panel, Surroundings } from './panel.js';
import { count, headed, span } from './text.js';
import { ThingCards } from './thing-cards.js';
import { Timeline, toneOf } from './timeline.js';

const kinds = ['circuit-breaker'];
/** Those that want to be looked at come first. */
const order = ['open', 'isolated', 'half-open', 'unknown', 'disabled', 'closed'];

class BreakerCard implements Part<ThingFacts> {
  readonly #around: Surroundings;
  readonly #card = new Card();
  readonly #why = element('p', { class: 'why' });
  readonly #timeline = new Timeline();
  readonly #numbers = new Numbers();
  readonly #buttons = element('div', { class: 'row' });
  readonly root = this.#card.root;
  #thing: ThingFacts;

  constructor(thing: ThingFacts, around: Surroundings) {
    this.#thing = thing;
    this.#around = around;
    this.#card.body.append(this.#why, this.#timeline.root, this.#numbers.root, this.#buttons);
  }

  update(thing: ThingFacts): void {
    this.#thing = thing;
    const { model } = this.#around;
    const { detail, snapshot } = thing;
    const state = stateOf(thing);
    this.#card.update(thing, state, toneOf(state));
    setText(this.#why, whyOf(detail, state));
    this.#timeline.update(model.timelines.get(thing.key) ?? [], state, model.at);
    const totals = (detail as { totals?: unknown })?.totals ?? (snapshot as { totals?: unknown })?.totals;
    const shown = (name: string): string => count(number(totals, name) ?? 0);
    const retry = number(detail, 'retryAfterMs');
    this.#numbers.update({
      Succeeded: shown('success'),
      Failed: shown('failure'),
      'Turned away': shown('rejected'),
      Slow: shown('slow'),
      'In flight': count(number(detail, 'inFlight') ?? 0),
      'Tries again in': retry === undefined || retry === 0 ? '—' : span(retry),
    });
    this.#offer(thing);
  }

  /** Once: what is offered does not change, and a button that is replaced loses the focus. */
  #offer({ instance }: ThingFacts): void {
    if (this.#buttons.childElementCount > 0 || instance !== '') return;
    const { asking } = this.#around;
    const isolate = asking.button('Isolate…', () => this.#question('breaker.isolate'), 'breaker.isolate');
    const reset = asking.button('Reset…', () => this.#question('breaker.reset'), 'breaker.reset');
    for (const button of [isolate, reset]) {
      if (button === undefined) continue;
      button.setAttribute('aria-label', `${button.textContent} ${this.#thing.name}`);
      this.#buttons.append(button);
    }
  }

  #question(action: 'breaker.isolate' | 'breaker.reset') {
    const { key, name } = this.#thing;
    const isIsolate = action === 'breaker.isolate';
    return {
      title: isIsolate ? `Isolate ${name}?` : `Reset ${name}?`,
      says: isIsolate
        ? 'All calls are turned away until somebody resets it.'
        : 'It is closed at once, and what it counted is forgotten.',
      verb: isIsolate ? 'Isolate' : 'Reset',
      isDangerous: isIsolate,
      wanted: { action, key },
    };
  }
}

/** Why a breaker is in its state, by what `explain()` tells. */
export function whyOf(detail: unknown, state: string): string {
  const { decidedBy } = fields(detail);
  const counted = (name: string): string => count(number(decidedBy, name) ?? 0);
  const calls = counted('calls');
  const reasons: Readonly<Record<string, string>> = {
    start: 'since it was made',
    elapsed: 'for its break is over: the next calls are probes',
    manual: 'by the word of somebody',
    probes: `by its probes: ${counted('failures')} of ${calls} failed`,
    consecutiveFailures: `after ${counted('consecutiveFailures')} failures in a row`,
    failureRatio: `for ${counted('failures')} of ${calls} calls failed`,
    slowRatio: `for ${counted('slow')} of ${calls} calls were slow`,
    trip: `by your own rule, at ${counted('failures')} failures of ${calls} calls`,
  };
  const because = text(detail, 'because');
  const reason = Object.hasOwn(reasons, because) ? reasons[because] : because;
  const word = headed(state);
  return reason === undefined || reason === '' ? `${word}.` : `${word} ${reason}.`;
}

/** Breakers: their states over time, and why they are in them. */
export class BreakersPanel implements Panel {
  readonly id = 'breakers';
  readonly title = 'Breakers';
  readonly #around: Surroundings;
  readonly #cards: ThingCards;
  readonly root: HTMLElement;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cards = new ThingCards('No circuit breaker is watched.', thing => new BreakerCard(thing, around));
    this.root = this.#cards.root;
  }

  badge(): Badge | undefined {
    const states = this.#things().map(stateOf);
    const bad = states.filter(state => toneOf(state) === 'bad').length;
    if (bad > 0) return { count: bad, tone: 'bad' };
    const half = states.filter(state => state === 'half-open').length;
    return half > 0 ? { count: half, tone: 'warn' } : undefined;
  }

  update(): void {
    const things = this.#things();
    const rank = (thing: ThingFacts): number => order.indexOf(stateOf(thing));
    things.sort((a, b) => rank(a) - rank(b));
    this.#cards.update(things);
  }

  #things(): ThingFacts[] {
    return this.#around.model.ofKinds(kinds, this.#around.service());
  }
}
