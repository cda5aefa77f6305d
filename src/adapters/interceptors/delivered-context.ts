import { RevocableContext } from '../../kernel/revocable-context.js';

/**
 * The call that an intercepted request is. It says when a part of the answer has been handed on: then no
 * policy runs it again, or another in its stead.
 */
export class DeliveredContext extends RevocableContext {
  #delivered = false;

  override get delivered(): boolean {
    return this.#delivered;
  }

  deliver(): void {
    this.#delivered = true;
  }
}
