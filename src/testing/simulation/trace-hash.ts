/** Folds numbers, in order, into 64 bits: two runs that differ in one of them differ in the end. FNV-1a. */
export class TraceHash {
  readonly #number = new Float64Array(1);
  readonly #words = new Uint32Array(this.#number.buffer);
  #low = 0x811c9dc5;
  #high = 0x9747b28c;

  add(value: number): void {
    this.#number[0] = value;
    for (const word of this.#words) {
      this.#low = Math.imul(this.#low ^ word, 0x01000193);
      // Another order of the bits, so that the two halves say different things.
      this.#high = Math.imul(this.#high ^ ((word >>> 15) | (word << 17)), 0x85ebca6b);
      this.#high ^= this.#high >>> 13;
    }
    this.#low ^= this.#low >>> 15;
  }

  /** A text, by the codes of its characters. */
  addText(text: string): void {
    for (let at = 0; at < text.length; at++) this.add(text.charCodeAt(at));
  }

  /** Sixteen hexadecimal digits. */
  get digest(): string {
    return [this.#high, this.#low].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
