import { element, setClass, setHidden, setText } from './dom.js';
import type { Model } from './model.js';
import type { Panel } from './panel.js';
import type { Connection } from './stream.js';
import { nextTheme, type Theme } from './theme.js';

const said: Readonly<Record<Connection, readonly [words: string, tone: string]>> = {
  connecting: ['connecting', 'warn'],
  live: ['live', 'good'],
  paused: ['paused', 'idle'],
  lost: ['connection lost', 'bad'],
  full: ['no connection', 'bad'],
};

interface Tab {
  readonly link: HTMLAnchorElement;
  readonly badge: HTMLElement;
}

/** What stands around the panels: the head, the way to each panel, and which of them is open. */
export class Shell {
  readonly root = element('div', { class: 'shell' });
  readonly #panels: readonly Panel[];
  readonly #model: Model;
  readonly #title = element('h1');
  readonly #connection = element('span', { class: 'chip', attributes: { role: 'status' } });
  readonly #pause = element('button', {
    class: 'button',
    text: 'Pause',
    attributes: { type: 'button', 'aria-pressed': 'false' },
  });
  readonly #theme = element('button', { class: 'button', attributes: { type: 'button' } });
  readonly #service = element(
    'select',
    {},
    element('option', { text: 'all services', attributes: { value: '' } }),
  );
  readonly #filter = element(
    'label',
    { class: 'field inline' },
    element('span', { class: 'unseen', text: 'Service' }),
    this.#service,
  );
  readonly #heading = element('h2', { attributes: { tabindex: '-1' } });
  readonly #stage = element('div', { class: 'panel' });
  readonly #tabs = new Map<string, Tab>();
  #open: Panel;
  #known = '';

  constructor(model: Model, panels: readonly Panel[], paused: (isPaused: boolean) => void) {
    this.#model = model;
    this.#panels = panels;
    this.#open = panels[0]!;
    const main = element('main', { attributes: { id: 'main' } }, this.#heading, this.#stage);
    this.root.append(this.#head(), this.#nav(), main);
    this.#pause.addEventListener('click', () => {
      const isPaused = this.#pause.getAttribute('aria-pressed') !== 'true';
      this.#pause.setAttribute('aria-pressed', String(isPaused));
      setText(this.#pause, isPaused ? 'Go on' : 'Pause');
      paused(isPaused);
    });
    this.#service.addEventListener('change', () => this.update());
    addEventListener('hashchange', () => this.#follow(true));
    this.#follow(false);
    this.say('connecting');
  }

  get service(): string {
    return this.#service.value;
  }

  say(connection: Connection): void {
    const [what, tone] = said[connection];
    setText(this.#connection, what);
    setClass(this.#connection, `chip tone-${tone}`);
  }

  /** Draws the open panel, and how many things each of them has to say. */
  update(): void {
    const { title, services } = this.#model;
    setText(this.#title, title === '' ? 'Dashboard' : title);
    document.title = `${this.#open.title} · ${this.#title.textContent}`;
    this.#offerServices([...new Set(services.map(({ service }) => service))]);
    for (const panel of this.#panels) {
      const tab = this.#tabs.get(panel.id)!;
      const badge = panel.badge?.();
      setHidden(tab.badge, badge === undefined);
      if (badge === undefined) continue;
      setText(tab.badge, badge.count > 99 ? '99+' : String(badge.count));
      setClass(tab.badge, `badge tone-${badge.tone}`);
    }
    this.#open.update();
  }

  #head(): HTMLElement {
    this.#labelTheme('auto');
    this.#theme.addEventListener('click', () => {
      this.#labelTheme(nextTheme());
      this.update();
    });
    const skip = element('a', { class: 'skip', text: 'Skip to the panel', attributes: { href: '#main' } });
    skip.addEventListener('click', event => {
      event.preventDefault();
      this.#heading.focus();
    });
    const mark = element('span', { class: 'mark', attributes: { 'aria-hidden': 'true' } });
    const names = element('div', { class: 'names' }, mark, this.#title, this.#connection);
    return element(
      'header',
      {},
      skip,
      names,
      element('div', { class: 'row' }, this.#filter, this.#pause, this.#theme),
    );
  }

  #nav(): HTMLElement {
    const items = this.#panels.map(({ id, title }) => {
      const badge = element('span', { class: 'badge' });
      setHidden(badge, true);
      const link = element('a', { attributes: { href: `#/${id}` } }, title, badge);
      this.#tabs.set(id, { link, badge });
      return element('li', {}, link);
    });
    return element('nav', { attributes: { 'aria-label': 'Panels' } }, element('ul', {}, ...items));
  }

  /** Opens the panel that the address names. */
  #follow(byHand: boolean): void {
    const id = location.hash.slice(2);
    this.#open = this.#panels.find(panel => panel.id === id) ?? this.#panels[0]!;
    for (const [of, { link }] of this.#tabs) {
      if (of === this.#open.id) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    setText(this.#heading, this.#open.title);
    this.#stage.replaceChildren(this.#open.root);
    this.update();
    if (!byHand) return;
    this.#tabs.get(this.#open.id)?.link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    scrollTo(0, 0);
  }

  #offerServices(names: readonly string[]): void {
    const known = names.join('\n');
    if (known === this.#known) return;
    this.#known = known;
    const chosen = this.#service.value;
    const options = names.map(name => {
      const option = element('option', { text: name });
      option.value = name;
      return option;
    });
    this.#service.replaceChildren(this.#service.options[0]!, ...options);
    this.#service.value = names.includes(chosen) ? chosen : '';
    setHidden(this.#filter, names.length < 2);
  }

  #labelTheme(theme: Theme): void {
    setText(this.#theme, `Theme: ${theme}`);
  }
}
