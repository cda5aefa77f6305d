import { listedOf, namesOf } from '../../core/hop-fields.js';
import { SeenAnswer } from '../../gateway/seen-answer.js';
import type { UpstreamHead } from './upstream-engine.js';

/** So much of an answer that nobody wants is read, so that its connection can be used again. */
const MOST_DRAINED = 65_536;

/** The head of an answer, held until it is known whether it goes to the client. What policies see. */
export class UpstreamReply extends SeenAnswer {
  /** The status. */
  readonly status: number;
  readonly head: UpstreamHead;
  readonly names: readonly string[];
  /** What else is to be told when the answer is cut amid its body. */
  onCut: (() => void) | undefined;
  #released = false;

  constructor(head: UpstreamHead) {
    super();
    this.status = head.status;
    this.head = head;
    this.names = namesOf(head.fields);
  }

  override get statusText(): string {
    return this.head.reason;
  }

  protected override get pairs(): readonly string[] {
    return this.head.fields;
  }

  get listed(): string[] {
    return this.names.includes('connection') ? listedOf(this.head.fields, this.names) : [];
  }

  /** A field by its name in any case; `undefined` without it. */
  header(name: string): string | undefined {
    const at = this.names.indexOf(name.toLowerCase());
    return at < 0 ? undefined : this.head.fields[at * 2 + 1];
  }

  /** Lets go of an answer that nobody will read. */
  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    const { body } = this.head;
    const length = Number(this.header('content-length'));
    if (!(length <= MOST_DRAINED)) body.destroy();
    else body.resume();
  }
}
