import { phases, totalSeconds } from './schedule.mjs';

const codes = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 };

/**
 * Where progress is shown. On a terminal one line is rewritten; elsewhere each phase gets a line of its own.
 * `hasColors` of a terminal knows NO_COLOR and its relatives.
 */
export class Screen {
  #stream;
  #live;
  #colors;

  constructor(stream) {
    this.#stream = stream;
    this.#live = stream.isTTY === true && process.env.TERM !== 'dumb';
    this.#colors = this.#live && stream.hasColors();
  }

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

  /** Says what stands now; without effect where lines cannot be rewritten. */
  status(now) {
    if (!this.#live) return;
    const columns = (this.#stream.columns || 80) - 1;
    const label = now.draining ? 'last calls' : phases[now.phase].label;
    const facts = [
      `${Math.min(now.seconds, totalSeconds).toFixed(1)}/${totalSeconds} s ${label}`,
      `bare ${signed(now.bare)}`,
      `keelson ${signed(now.keelson)}`,
      now.breaker,
    ].join(' │ ');
    const room = Math.min(20, columns - facts.length - 1);
    const done = Math.floor(Math.min(1, now.seconds / totalSeconds) * room);
    const bar = room < 8 ? '' : `${'█'.repeat(done)}${'░'.repeat(room - done)} `;
    this.#stream.write(`\r\x1b[2K${(bar + facts).slice(0, columns)}`);
  }

  /** Announces a phase where the live line does not. */
  phase(now) {
    if (this.#live) return;
    const { label, about } = phases[now.phase];
    const at = `${now.seconds.toFixed(1).padStart(5)} s`;
    this.line(`${at}  ${label.padEnd(6)}  ${about.padEnd(46)}  breaker ${now.breaker}`);
    if (now.phase === 0) return;
    this.line(`${' '.repeat(17)}so far  bare ${words(now.bare)}; keelson ${words(now.keelson)}`);
  }
}

/** What the signs of the live line mean. */
export const legend = '✓ answered   ↩ by the fallback   ✗ failed   ⊘ rejected fast   … waiting';

const signs = { answered: '✓', fallback: '↩', failed: '✗', rejected: '⊘', waiting: '…' };

function present({ counts, waiting }) {
  return Object.entries({ ...counts, waiting }).filter(([, count]) => count > 0);
}

function signed(ledger) {
  const parts = present(ledger).map(([name, count]) => signs[name] + count);
  return parts.join(' ') || 'nothing yet';
}

function words(ledger) {
  const parts = present(ledger).map(([name, count]) => `${count} ${name}`);
  return parts.join(', ') || 'nothing yet';
}
