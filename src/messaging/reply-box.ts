import { newId } from '../kernel/random.js';
import type { Subscription } from './message-bus.js';
import type { Reply } from './requests.js';
import { type Topic, topic as topicOf } from './topic.js';

/** Where the answers to all requests of a bus come: a topic of its own, made for the first of them. */
export class ReplyBox {
  readonly #subscribe: (topic: Topic<Reply, Reply>) => Subscription;
  #open: { readonly topic: Topic<Reply, Reply>; readonly subscription: Subscription } | undefined;

  constructor(subscribe: (topic: Topic<Reply, Reply>) => Subscription) {
    this.#subscribe = subscribe;
  }

  /** Its name, once answers come there. */
  async address(): Promise<string> {
    const box = this.#open ?? this.#make();
    await box.subscription.ready;
    return box.topic.name;
  }

  #make() {
    const topic = topicOf<Reply>(`replies.${newId()}`);
    const box = { topic, subscription: this.#subscribe(topic) };
    this.#open = box;
    // It has ended where that fails, and the next request makes another one.
    box.subscription.ready.catch(() => {
      if (this.#open === box) this.#open = undefined;
    });
    return box;
  }
}
