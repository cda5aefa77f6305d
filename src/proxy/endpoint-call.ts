import { CallContext } from '../kernel/context.js';

/** The context of one attempt, which goes to one instance. */
export class EndpointCall extends CallContext {
  readonly #endpoint: unknown;
  #attributes: Readonly<Record<string, unknown>> | undefined;

  constructor(parent: CallContext, endpoint: unknown) {
    super(parent);
    this.#endpoint = endpoint;
  }

  override get attributes(): Readonly<Record<string, unknown>> {
    this.#attributes ??= Object.freeze({ ...this.parent!.attributes, endpoint: this.#endpoint });
    return this.#attributes;
  }
}
