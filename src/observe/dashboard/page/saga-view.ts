import type { SagaFacts, ThingFacts } from '../protocol.js';
import type { Question } from './ask.js';
import { table } from './card.js';
import { element, setHidden } from './dom.js';
import { text } from './facts.js';
import type { Surroundings } from './panel.js';
import { sagaDiagram, standOf, stepsHere, stepsOf } from './saga-diagram.js';
import { stamp } from './text.js';

/** One saga: a diagram, the same as a table, and what can be done. */
export class SagaView {
  readonly root = element('div', { class: 'saga' });
  readonly #around: Surroundings;
  readonly #done: () => void;
  #shown = '';

  constructor(around: Surroundings, done: () => void) {
    this.#around = around;
    this.#done = done;
  }

  update(thing: ThingFacts, saga: SagaFacts | undefined): void {
    setHidden(this.root, saga === undefined);
    if (saga === undefined) return;
    // Drawn anew only when something is new: a button that is replaced loses the focus.
    const shown = JSON.stringify([thing.key, saga, thing.description]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const steps = stepsOf(thing.description, saga.definition, saga.version);
    const here = stepsHere(steps, saga);
    const name = element('h4', {}, element('span', { class: 'mono', text: saga.id }));
    const because =
      text(saga.because, 'reason') || text((saga.because as { error?: unknown } | null)?.error, 'message');
    const words = [`Began ${stamp(saga.createdAt)}.`, because === '' ? '' : `It turned back: ${because}.`];
    const head = element('div', { class: 'saga-head' }, name, this.#buttons(thing, saga));
    const why = element('p', { class: 'why', text: words.join(' ') });
    const rows = table('Steps', ['Step', 'State', 'Attempts', 'Error', '(Actions)']);
    for (const { name: step } of steps) {
      const entry = saga.entries[step];
      const { word, tone } = standOf(entry, here.has(step));
      rows.rows.append(
        element(
          'tr',
          {},
          element('td', { text: step }),
          element('td', {}, element('span', { class: `chip tone-${tone}`, text: word })),
          element('td', { class: 'number', text: String(entry?.attempts ?? 0) }),
          element('td', { text: text(entry?.error, 'message') || '—' }),
          element(
            'td',
            { class: 'actions' },
            entry?.stuck === true ? this.#skip(thing, saga, step) : undefined,
          ),
        ),
      );
    }
    const drawing = steps.length === 0 ? undefined : sagaDiagram(steps, saga);
    this.root.replaceChildren(...[head, why, drawing, rows.root].filter(part => part !== undefined));
  }

  #buttons({ key }: ThingFacts, { id, status, cancellable }: SagaFacts): HTMLElement {
    const { asking } = this.#around;
    const done = this.#done;
    const retry = (): Question => ({
      title: 'Try it again?',
      says: `All stuck steps of ${id} are tried again.`,
      verb: 'Retry',
      wanted: { action: 'saga.retry', key, saga: id },
      done,
    });
    const compensate = (): Question => ({
      title: 'Undo it?',
      says: `All that ${id} has done is undone, as long as its pivot is not done.`,
      verb: 'Compensate',
      isDangerous: true,
      needsReason: true,
      wanted: { action: 'saga.compensate', key, saga: id },
      done,
    });
    const cancel = (): Question => ({
      title: 'Cancel it?',
      says: `${id} turns back, and what it has done is undone.`,
      verb: 'Cancel the saga',
      isDangerous: true,
      needsReason: true,
      wanted: { action: 'saga.cancel', key, saga: id },
      done,
    });
    const isStill = status === 'parked' || status === 'completed';
    const buttons = [
      status === 'parked' ? asking.button('Retry…', retry, 'saga.retry') : undefined,
      isStill ? asking.button('Compensate…', compensate, 'saga.compensate') : undefined,
      cancellable ? asking.button('Cancel…', cancel, 'saga.cancel') : undefined,
    ];
    return element('div', { class: 'row' }, ...buttons);
  }

  #skip({ key }: ThingFacts, { id }: SagaFacts, step: string): HTMLElement | undefined {
    const question = (): Question => ({
      title: `Go on without ${step}?`,
      says: `${id} goes on as if this step were not there; what it may have done stays.`,
      verb: 'Skip',
      isDangerous: true,
      needsReason: true,
      wanted: { action: 'saga.skip', key, saga: id, step },
      done: this.#done,
    });
    const button = this.#around.asking.button('Skip…', question, 'saga.skip');
    button?.setAttribute('aria-label', `Skip the step ${step}`);
    return button;
  }
}
