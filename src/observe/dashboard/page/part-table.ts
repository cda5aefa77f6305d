import type { ThingFacts } from '../protocol.js';
import { table } from './card.js';
import { element, type Part, PartList, setClass, setHidden, setText } from './dom.js';
import { isFull, limitKinds, number, stateOf } from './facts.js';
import type { Model } from './model.js';
import { count, span, words } from './text.js';
import { toneOf } from './timeline.js';

/** How a part stands, in a word, and the panel that tells more of it. */
function standing(part: ThingFacts): readonly [says: string, tone: string, panel: string] {
  const { kind, snapshot } = part;
  if (kind === 'circuit-breaker') return [stateOf(part), toneOf(stateOf(part)), 'breakers'];
  if (limitKinds.includes(kind)) {
    const full = isFull(part);
    return [full ? 'full' : 'room', full ? 'bad' : 'good', 'limits'];
  }
  if (kind === 'meter') return [`p99 ${span(number(snapshot, 'p99Ms') ?? 0)}`, 'idle', 'latency'];
  const running = number(snapshot, 'running');
  return [running === undefined ? '' : `${count(running)} running`, 'idle', ''];
}

class PartRow implements Part<ThingFacts> {
  readonly #chip = element('span');
  readonly root: HTMLElement;

  constructor(part: ThingFacts) {
    const [, , panel] = standing(part);
    const name =
      panel === ''
        ? element('span', { text: part.name })
        : element('a', { class: 'link', text: part.name, attributes: { href: `#/${panel}` } });
    const kind = element('td', { text: words(part.kind) });
    this.root = element('tr', {}, element('td', {}, name), kind, element('td', {}, this.#chip));
  }

  update(part: ThingFacts): void {
    const [says, tone] = standing(part);
    setText(this.#chip, says === '' ? '—' : says);
    setClass(this.#chip, says === '' ? '' : `chip tone-${tone}`);
  }
}

/** The parts of a thing, in the order in which calls meet them, with the way to the panel of each. */
export class PartTable {
  readonly #model: Model;
  readonly #table = table('Parts', ['Part', 'What it is', 'How it stands']);
  readonly #rows: PartList<ThingFacts>;
  readonly root = this.#table.root;

  constructor(model: Model) {
    this.#model = model;
    this.#rows = new PartList(
      this.#table.rows,
      ({ key }) => key,
      part => new PartRow(part),
    );
  }

  /** Whether there are any. */
  update({ id, service, instance }: ThingFacts): boolean {
    const parts = [...this.#model.things.values()].filter(
      thing => thing.whole === id && thing.service === service && thing.instance === instance,
    );
    setHidden(this.root, parts.length === 0);
    this.#rows.update(parts);
    return parts.length > 0;
  }
}
