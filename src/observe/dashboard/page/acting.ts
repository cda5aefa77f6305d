import type { ActionRequest, SessionMessage } from '../protocol.js';
import { text } from './facts.js';

/** What is asked for, but for what the page adds by itself. */
export type Wanted = Omit<ActionRequest, 'epoch'>;

/** Asks the server for what it does not tell by itself, and to act. */
export class Server {
  readonly #base: string;
  #session: SessionMessage = { token: '', actions: [] };

  constructor(base: string) {
    this.#base = base;
  }

  /** Whether an action is offered. */
  offers(action: string): boolean {
    return this.#session.actions.includes(action);
  }

  async begin(): Promise<void> {
    this.#session = (await this.read('api/session')) as SessionMessage;
  }

  async read(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const search = new URLSearchParams(query).toString();
    const response = await fetch(`${this.#base}${path}${search === '' ? '' : `?${search}`}`);
    if (!response.ok) throw new Error(await whyNot(response));
    return response.json();
  }

  /** Resolves when it is done. @throws Error that says why it is not */
  async act(epoch: string, wanted: Wanted): Promise<void> {
    let response = await this.#post({ epoch, ...wanted });
    if (response.status === 403 && text(await response.clone().json(), 'code') === 'token') {
      // The server was started anew and knows another secret.
      await this.begin();
      response = await this.#post({ epoch, ...wanted });
    }
    if (!response.ok) throw new Error(await whyNot(response));
  }

  #post(body: ActionRequest): Promise<Response> {
    return fetch(`${this.#base}api/act`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-csrf-token': this.#session.token },
      body: JSON.stringify(body),
    });
  }
}

async function whyNot(response: Response): Promise<string> {
  try {
    return text(await response.json(), 'detail') || `the server answered ${response.status}`;
  } catch {
    return `the server answered ${response.status}`;
  }
}
