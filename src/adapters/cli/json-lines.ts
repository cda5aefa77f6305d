import type { Writable } from 'node:stream';

/** So much waits in memory for who reads the lines; what comes then is left out, and counted. */
const MOST_WAITING = 8_388_608;

/** Writes events as lines of JSON. Who reads them slowly, or not at all, costs no request and no memory. */
export class JsonLines {
  readonly #out: Writable;
  #dropped = 0;

  constructor(out: Writable) {
    this.#out = out;
    // Nobody reads it any more.
    out.on('error', () => {});
  }

  write(event: string, fields: Readonly<Record<string, unknown>>): void {
    const out = this.#out;
    if (out.destroyed || out.writableLength > MOST_WAITING) {
      this.#dropped++;
      return;
    }
    const time = new Date().toISOString();
    if (this.#dropped > 0) {
      out.write(`${JSON.stringify({ time, event: 'dropped', lines: this.#dropped })}\n`);
      this.#dropped = 0;
    }
    out.write(`${JSON.stringify({ time, event, ...fields })}\n`);
  }
}
