import type { Server, Wanted } from './acting.js';
import { element, setText } from './dom.js';
import type { Model } from './model.js';

/** What is said before something is done. */
export interface Question {
  readonly title: string;
  readonly says: string;
  /** What stands on the button that does it. */
  readonly verb: string;
  readonly wanted: Wanted;
  /** Whether a reason is asked for. */
  readonly needsReason?: boolean;
  readonly isDangerous?: boolean;
  done?(): void;
}

/** Asks before anything is done, does it, and says what came of it. */
export class Asking {
  readonly root = element('div', {});
  readonly #server: Server;
  readonly #model: Model;
  readonly #news = element('p', { class: 'news', attributes: { role: 'status', 'aria-live': 'polite' } });
  #fade: ReturnType<typeof setTimeout> | undefined;

  constructor(server: Server, model: Model) {
    this.#server = server;
    this.#model = model;
    this.root.append(this.#news);
  }

  /** A button that asks; `undefined` where the action is not offered. */
  button(label: string, question: () => Question, action: string): HTMLButtonElement | undefined {
    if (!this.#server.offers(action)) return undefined;
    const on = { click: () => this.ask(question()) };
    return element('button', { class: 'button', text: label, on, attributes: { type: 'button' } });
  }

  ask(question: Question): void {
    const reason = element('input', {
      attributes: { name: 'reason', maxlength: '500', autocomplete: 'off', required: '' },
    });
    const says = element('p', { text: question.says, attributes: { id: 'question' } });
    const cancel = element('button', {
      class: 'button',
      text: 'Cancel',
      attributes: { type: 'button' },
      on: { click: () => dialog.close() },
    });
    const confirm = element('button', {
      class: question.isDangerous === true ? 'button danger' : 'button primary',
      text: question.verb,
      attributes: { type: 'submit' },
    });
    const asked = question.needsReason === true;
    const form = element(
      'form',
      { on: { submit: event => this.#confirmed(event, dialog, question, asked ? reason.value : undefined) } },
      element('h2', { text: question.title }),
      says,
      asked
        ? element('label', { class: 'field' }, element('span', { text: 'Reason, kept with it' }), reason)
        : undefined,
      element('div', { class: 'row end' }, cancel, confirm),
    );
    const attributes = { 'aria-label': question.title, 'aria-describedby': 'question' };
    const dialog = element('dialog', { attributes, on: { close: () => dialog.remove() } }, form);
    this.root.append(dialog);
    dialog.showModal();
    (asked ? reason : cancel).focus();
  }

  say(what: string, isBad = false): void {
    clearTimeout(this.#fade);
    setText(this.#news, what);
    this.#news.className = isBad ? 'news shown bad' : 'news shown';
    this.#fade = setTimeout(() => {
      this.#news.className = 'news';
    }, 8_000);
  }

  #confirmed(event: Event, dialog: HTMLDialogElement, question: Question, reason: string | undefined): void {
    event.preventDefault();
    const wanted = { ...question.wanted, ...(reason !== undefined && { reason }) };
    dialog.close();
    this.say(`${question.verb}: under way`);
    this.#server.act(this.#model.epoch, wanted).then(
      () => {
        this.say(`${question.verb}: done`);
        question.done?.();
      },
      (error: unknown) => {
        this.say(`${question.verb}: ${error instanceof Error ? error.message : String(error)}`, true);
        question.done?.();
      },
    );
  }
}
