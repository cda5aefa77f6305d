import type { SagaFacts, SagasMessage, ThingFacts } from '../protocol.js';
import { Card, Numbers, nothing, table } from './card.js';
import { element, type Part, PartList, setHidden, setText } from './dom.js';
import { number, text } from './facts.js';
import type { Badge, Panel, Surroundings } from './panel.js';
import { AGAIN_MS, Reading } from './reading.js';
import { SagaView } from './saga-view.js';
import { count, stamp } from './text.js';
import { ThingCards } from './thing-cards.js';

const kinds = ['saga-orchestrator'];
const statuses = ['parked', 'compensating', 'running', 'waiting', 'compensated', 'completed'];
/** How often a list that is open is read again when something happens. */
const SOON_MS = 1_000;

const tones: Readonly<Record<string, string>> = {
  ...{ parked: 'bad', compensating: 'warn', running: 'now', waiting: 'now' },
  ...{ compensated: 'warn', completed: 'good' },
};

/** The tone in which the status of a saga is shown. */
export const sagaTone = (status: string): string => tones[status] ?? 'idle';

class SagaRow implements Part<SagaFacts> {
  readonly #open = element('button', { class: 'link mono', attributes: { type: 'button' } });
  readonly #definition = element('td');
  readonly #status = element('span', { class: 'chip' });
  readonly #updated = element('td');
  readonly root: HTMLElement;

  constructor({ id }: SagaFacts, choose: (id: string) => void) {
    this.#open.addEventListener('click', () => choose(id));
    const cells = [
      element('td', {}, this.#open),
      this.#definition,
      element('td', {}, this.#status),
      this.#updated,
    ];
    this.root = element('tr', {}, ...cells);
  }

  update({ id, definition, version, status, updatedAt }: SagaFacts): void {
    setText(this.#open, id);
    setText(this.#definition, `${definition} v${version}`);
    setText(this.#status, status);
    this.#status.className = `chip tone-${sagaTone(status)}`;
    setText(this.#updated, stamp(updatedAt));
  }
}

/** The sagas of one orchestrator, as a list and one of them as a diagram. */
class OrchestratorCard implements Part<ThingFacts> {
  readonly #around: Surroundings;
  readonly #card = new Card();
  readonly #numbers = new Numbers();
  readonly #status = element('select', { on: { change: () => void this.#reading.now() } });
  readonly #says = nothing('Not read yet.');
  readonly #table = table('Sagas', ['Saga', 'Definition', 'Status', 'Last change']);
  readonly #rows: PartList<SagaFacts>;
  readonly #view: SagaView;
  readonly #reading: Reading<SagasMessage>;
  readonly root = this.#card.root;
  #thing: ThingFacts;
  #sagas: readonly SagaFacts[] = [];
  #chosen: string | undefined;
  #heard = 0;

  constructor(thing: ThingFacts, around: Surroundings) {
    this.#thing = thing;
    this.#around = around;
    this.root.classList.add('wide');
    this.#view = new SagaView(around, () => void this.#reading.now());
    this.#reading = new Reading(
      () => around.server.read('api/sagas', { key: this.#thing.key, status: this.#status.value }),
      ({ sagas }) => {
        this.#sagas = sagas;
        this.#show();
      },
      this.#says,
    );
    this.#rows = new PartList(
      this.#table.rows,
      ({ id }) => id,
      saga => new SagaRow(saga, id => this.#choose(id)),
    );
    this.#status.append(element('option', { text: 'all', attributes: { value: '' } }));
    for (const status of statuses) {
      this.#status.append(element('option', { text: status, attributes: { value: status } }));
    }
    const filter = element(
      'label',
      { class: 'field inline' },
      element('span', { text: 'Status' }),
      this.#status,
    );
    const parts = [this.#numbers.root, filter, this.#says, this.#table.root, this.#view.root];
    this.#card.body.append(...parts);
    setHidden(this.#table.root, true);
  }

  update(thing: ThingFacts): void {
    this.#thing = thing;
    const { snapshot, instance } = thing;
    this.#card.update(thing, text(snapshot, 'status'), 'idle');
    this.#numbers.update({
      'Driven here': count(number(snapshot, 'driving') ?? 0),
      'Waited for': count(number(snapshot, 'waiting') ?? 0),
    });
    if (instance !== '') {
      setText(this.#says, 'Its sagas can be seen on a dashboard in its own process.');
      return;
    }
    const { heard } = this.#around.model;
    const age = this.#reading.ageMs;
    if (age > AGAIN_MS || (heard !== this.#heard && age > SOON_MS)) void this.#reading.now();
    this.#heard = heard;
  }

  #choose(id: string): void {
    this.#chosen = id;
    this.#show();
    this.#view.root.scrollIntoView({ block: 'nearest' });
  }

  #show(): void {
    const sagas = this.#sagas;
    setText(this.#says, 'There are none.');
    setHidden(this.#says, sagas.length > 0);
    setHidden(this.#table.root, sagas.length === 0);
    this.#rows.update(sagas);
    const wanted = sagas.find(({ id }) => id === this.#chosen);
    // The one that needs somebody, if nobody has chosen.
    const shown =
      wanted ??
      (this.#chosen === undefined
        ? (sagas.find(({ status }) => status === 'parked') ?? sagas[0])
        : undefined);
    this.#view.update(this.#thing, shown);
  }
}

/** Sagas: where they stand, and what to do with those that stand still. */
export class SagasPanel implements Panel {
  readonly id = 'sagas';
  readonly title = 'Sagas';
  readonly #around: Surroundings;
  readonly #cards: ThingCards;
  readonly root: HTMLElement;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cards = new ThingCards(
      'No orchestrator of sagas is watched.',
      thing => new OrchestratorCard(thing, around),
    );
    this.root = this.#cards.root;
  }

  /** Those that parked while the page could see it. */
  badge(): Badge | undefined {
    const parked = this.#around.model.events.filter(
      ({ kind, event }) => kind === kinds[0] && event === 'parked',
    );
    const all = parked.reduce((sum, event) => sum + event.count, 0);
    return all > 0 ? { count: all, tone: 'warn' } : undefined;
  }

  update(): void {
    const things = this.#around.model.ofKinds(kinds, this.#around.service());
    this.#cards.update(things);
  }
}
