const codes = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };

/**
 * Where progress is shown. On a terminal one line is rewritten; elsewhere there are plain lines only.
 * `hasColors` of a terminal knows NO_COLOR and its relatives.
 */
export class Terminal {
  #stream;
  #live;
  #colors;

  constructor(stream) {
    this.#stream = stream;
    this.#live = stream.isTTY === true && process.env.TERM !== 'dumb';
    this.#colors = this.#live && stream.hasColors();
  }

  /** Whether there is a line that is rewritten. */
  get live() {
    return this.#live;
  }

  paint(color, text) {
    return this.#colors ? `\x1b[${codes[color]}m${text}\x1b[0m` : text;
  }

  line(text = '') {
    this.#stream.write(`${this.#live ? '\r\x1b[2K' : ''}${text}\n`);
  }

  /** Takes the live line away. */
  clear() {
    if (this.#live) this.#stream.write('\r\x1b[2K');
  }

  /**
   * Rewrites the live line: facts, and how far it is where there is room; without effect where lines cannot
   * be rewritten.
   */
  rewrite(facts, ratio) {
    if (!this.#live) return;
    const columns = (this.#stream.columns || 80) - 1;
    const text = facts.join(' │ ');
    const room = Math.min(20, columns - text.length - 1);
    const done = Math.floor(Math.min(1, ratio) * room);
    const bar = room < 8 ? '' : `${'█'.repeat(done)}${'░'.repeat(room - done)} `;
    this.#stream.write(`\r\x1b[2K${(bar + text).slice(0, columns)}`);
  }
}
