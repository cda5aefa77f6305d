import type { ThingFacts } from '../protocol.js';
import { Card, Numbers, table } from './card.js';
import { element, type Part, setHidden } from './dom.js';
import { discoveryKinds, fields, list, number, putAside, text } from './facts.js';
import type { Badge, Panel, Surroundings } from './panel.js';
import { count, span } from './text.js';
import { ThingCards } from './thing-cards.js';

/** An instance in a table: who it is, how it is, and more. */
type Row = readonly [id: string, says: string, tone: string, more: string];

function rowsOf({ kind, snapshot, detail }: ThingFacts): readonly Row[] {
  const instances = list(fields(snapshot)['instances']);
  if (kind === 'outliers') return instances.map(outlierRow);
  if (kind === 'balancer') return instances.map(balancerRow);
  if (kind === 'health') return instances.map(healthRow);
  return list(fields(detail)['instances']).map(one => {
    const status = text(one, 'status') || 'known';
    const version = text(one, 'version');
    const more = [text(one, 'address') || text(one, 'url'), version === '' ? '' : `version ${version}`];
    return [
      text(one, 'id'),
      status,
      status === 'up' ? 'good' : 'warn',
      more.filter(part => part !== '').join(', '),
    ];
  });
}

function outlierRow(one: unknown): Row {
  const back = number(one, 'backInMs');
  const counted = (name: string): string => count(number(one, name) ?? 0);
  const times = `${counted('row')} failures in a row, ejected ${counted('times')} times`;
  return back === undefined
    ? [text(one, 'id'), 'used', 'good', times]
    : [text(one, 'id'), 'ejected', 'bad', `back in ${span(back)}, ${times}`];
}

function balancerRow(one: unknown): Row {
  const state = text(one, 'state');
  const cost = number(one, 'costMs');
  const inFlight = count(number(one, 'inFlight') ?? 0);
  const more = `${inFlight} in flight, ${cost === undefined ? 'cost unknown' : span(cost)}`;
  return [text(one, 'id'), state, state === 'used' ? 'good' : state === 'ejected' ? 'bad' : 'idle', more];
}

function healthRow(one: unknown): Row {
  const isHealthy = fields(one)['healthy'] === true;
  const isChecked = fields(one)['checked'] === true;
  const says = isHealthy ? 'healthy' : 'failing';
  return [text(one, 'id'), says, isHealthy ? 'good' : 'bad', isChecked ? '' : 'not checked yet'];
}

class DiscoveryCard implements Part<ThingFacts> {
  readonly #card = new Card();
  readonly #numbers = new Numbers();
  readonly #table = table('Instances', ['Instance', 'State', 'More']);
  readonly #none = element('p', { class: 'faint', text: 'No instance is known.' });
  readonly root = this.#card.root;
  #shown = '';

  constructor() {
    this.#card.body.append(this.#numbers.root, this.#none, this.#table.root);
  }

  update(thing: ThingFacts): void {
    const { kind, snapshot } = thing;
    const aside = putAside(thing);
    const stale = number(snapshot, 'staleMs') ?? 0;
    const isPanicking = fields(snapshot)['panicking'] === true;
    const chip = isPanicking ? 'panicking' : stale > 0 ? 'stale' : aside > 0 ? `${aside} put aside` : '';
    this.#card.update(thing, chip, isPanicking ? 'bad' : 'warn');
    const shown = (name: string): string | undefined => {
      const value = number(snapshot, name);
      return value === undefined ? undefined : count(value);
    };
    if (kind === 'service-watcher') {
      this.#numbers.update({
        Known: shown('instances'),
        Usable: shown('usable'),
        Suspects: shown('suspects'),
      });
    } else if (kind === 'registry') {
      this.#numbers.update({ Registrations: shown('registrations'), Watches: shown('watches') });
    }
    this.#list(thing);
  }

  #list(thing: ThingFacts): void {
    const rows = rowsOf(thing);
    const now = JSON.stringify(rows);
    if (now === this.#shown) return;
    this.#shown = now;
    const hasRows = rows.length > 0;
    setHidden(this.#table.root, !hasRows);
    setHidden(this.#none, hasRows || thing.kind === 'registry' || thing.kind === 'registration');
    this.#table.rows.replaceChildren(
      ...rows.map(([id, says, tone, more]) =>
        element(
          'tr',
          {},
          element('td', { class: 'mono', text: id }),
          element('td', {}, element('span', { class: `chip tone-${tone}`, text: says })),
          element('td', { text: more || '—' }),
        ),
      ),
    );
  }
}

/** Instances: who is there, and who gets nothing for its failures. */
export class DiscoveryPanel implements Panel {
  readonly id = 'discovery';
  readonly title = 'Discovery';
  readonly #around: Surroundings;
  readonly #cards: ThingCards;
  readonly root: HTMLElement;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cards = new ThingCards(
      'No registry, watcher, balancer or detector is watched.',
      () => new DiscoveryCard(),
    );
    this.root = this.#cards.root;
  }

  badge(): Badge | undefined {
    const aside = this.#things().reduce((sum, thing) => sum + putAside(thing), 0);
    return aside > 0 ? { count: aside, tone: 'warn' } : undefined;
  }

  update(): void {
    const things = this.#things();
    this.#cards.update(things);
  }

  #things(): ThingFacts[] {
    return this.#around.model.ofKinds(discoveryKinds, this.#around.service());
  }
}
