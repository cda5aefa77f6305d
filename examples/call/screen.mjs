import { Terminal } from '../parts/terminal.mjs';
import { phases, totalSeconds } from './schedule.mjs';

/** Where progress is shown: on a terminal by one line, elsewhere by a line for each phase. */
export class Screen extends Terminal {
  /** Says what stands now; without effect where lines cannot be rewritten. */
  status(now) {
    const label = now.draining ? 'last calls' : phases[now.phase].label;
    const facts = [
      `${Math.min(now.seconds, totalSeconds).toFixed(1)}/${totalSeconds} s ${label}`,
      `bare ${signed(now.bare)}`,
      `keelson ${signed(now.keelson)}`,
      now.breaker,
    ];
    this.rewrite(facts, now.seconds / totalSeconds);
  }

  /** Announces a phase where the live line does not. */
  phase(now) {
    if (this.live) return;
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
