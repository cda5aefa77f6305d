/** A message that viewers have been sent. */
export interface SentMessage {
  readonly id: number;
  /** As it goes over the wire. */
  readonly text: string;
}

/** The last messages, for viewers that come back: bounded in number and in characters. */
export class MessageRing {
  readonly #maxMessages: number;
  readonly #maxLength: number;
  #messages: SentMessage[] = [];
  #length = 0;
  /** That of the last message; 0 before the first. */
  last = 0;

  constructor(maxMessages: number, maxLength: number) {
    this.#maxMessages = maxMessages;
    this.#maxLength = maxLength;
  }

  push(text: string): void {
    this.last++;
    this.#messages.push({ id: this.last, text });
    this.#length += text.length;
    let drop = 0;
    while (this.#messages.length - drop > this.#maxMessages || this.#length > this.#maxLength) {
      const first = this.#messages[drop];
      if (first === undefined) break;
      this.#length -= first.text.length;
      drop++;
    }
    if (drop > 0) this.#messages = this.#messages.slice(drop);
  }

  /** What came after a message; `undefined` where some of that is gone, or the message never was. */
  since(id: number): readonly SentMessage[] | undefined {
    if (!Number.isSafeInteger(id) || id < 0 || id > this.last) return undefined;
    const wanted = this.last - id;
    if (wanted > this.#messages.length) return undefined;
    return wanted === 0 ? [] : this.#messages.slice(-wanted);
  }
}
