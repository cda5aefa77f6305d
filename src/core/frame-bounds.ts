/** A head has 2 bytes, and up to 8 more for the length of what follows. */
const LONGEST_HEAD = 10;
const CLOSE = 8;

/**
 * Finds where frames of a WebSocket end, in what a server sends: RFC 6455, 5.2. It keeps no byte of them but
 * those of a head that has come in part.
 */
export class FrameBounds {
  readonly #head: number[] = [];
  #left = 0;
  #closed = false;

  /** Whether what has come so far ends with the end of a frame. */
  get atBound(): boolean {
    return this.#left === 0 && this.#head.length === 0;
  }

  /** Whether a frame has begun that says that nothing follows. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Takes what comes next, up to the end of a frame if `toBound`, else all of it. Answers how much it took;
   * none of it where a frame has ended just before.
   */
  take(bytes: Uint8Array, toBound: boolean): number {
    let at = 0;
    while (at < bytes.length && !(toBound && this.atBound)) {
      if (this.#left > 0) {
        const part = Math.min(this.#left, bytes.length - at);
        this.#left -= part;
        at += part;
      } else {
        this.#head.push(bytes[at]!);
        at++;
        this.#readHead();
      }
    }
    return at;
  }

  #readHead(): void {
    const head = this.#head;
    // Of a head of one byte the second counts as 0: it says no length, but that two bytes are wanted.
    const second = head[1] ?? 0;
    const short = second & 0x7f;
    // Servers mask nothing; one that does is read by its own words.
    const mask = second >= 0x80 ? 4 : 0;
    const more = short === 127 ? LONGEST_HEAD - 2 : short === 126 ? 2 : 0;
    if (head.length < 2 + more) return;
    const length = more === 0 ? short : head.slice(2).reduce((sum, byte) => sum * 256 + byte, 0);
    this.#left = length + mask;
    if ((head[0]! & 0x0f) === CLOSE) this.#closed = true;
    head.length = 0;
  }
}

/** The frame by which a server says that it goes away: close, with 1001. */
export const goingAway = (): Uint8Array => Uint8Array.of(0x80 | CLOSE, 2, 0x03, 0xe9);
