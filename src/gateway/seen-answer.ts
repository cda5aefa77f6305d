const unread = (): Promise<never> =>
  Promise.reject(new TypeError('the body of an answer is for the client: a policy cannot read it'));

/**
 * An answer as the policies of a route see it: a `Response` whose body has been used, for that is a stream
 * which goes to the client.
 */
export abstract class SeenAnswer implements Response {
  abstract readonly status: number;
  readonly body = null;
  readonly bodyUsed = true;
  readonly redirected = false;
  readonly type = 'default';
  readonly url = '';
  #headers: Headers | undefined;

  /** Name, value, name, value … */
  protected abstract get pairs(): readonly string[];

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get statusText(): string {
    return '';
  }

  /** Made when it is first read; without what no field can hold. */
  get headers(): Headers {
    if (this.#headers !== undefined) return this.#headers;
    const headers = new Headers();
    const { pairs } = this;
    for (let at = 0; at < pairs.length; at += 2) {
      try {
        headers.append(pairs[at]!, pairs[at + 1]!);
      } catch {}
    }
    this.#headers = headers;
    return headers;
  }

  clone(): never {
    throw new TypeError('the body of an answer is for the client: it is not there twice');
  }

  arrayBuffer(): Promise<never> {
    return unread();
  }

  blob(): Promise<never> {
    return unread();
  }

  bytes(): Promise<never> {
    return unread();
  }

  formData(): Promise<never> {
    return unread();
  }

  json(): Promise<never> {
    return unread();
  }

  text(): Promise<never> {
    return unread();
  }
}
