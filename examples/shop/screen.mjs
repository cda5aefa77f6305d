import { Terminal } from '../parts/terminal.mjs';

/** Where progress is shown: on a terminal by one line, elsewhere by a line for each phase. */
export class Screen extends Terminal {
  /** A process is ready. */
  ready(name) {
    this.rewrite([`${name} is ready`], 0);
  }

  /** Announces a phase. */
  phase({ at, phase, lanes }) {
    const seen = lanes.map(lane => `${kindOf(lane)} ${signed(lane)}`).join('  ');
    this.line(`${at.toFixed(1).padStart(5)} s  ${this.paint('bold', phase.name.padEnd(6))}  ${phase.about}`);
    if (!this.live && phase.begins > 0) this.line(`${' '.repeat(17)}so far  ${seen}`);
  }

  note(at, what) {
    this.line(this.paint('dim', `${at.toFixed(1).padStart(5)} s          ${what}`));
  }

  /** Says what stands now; without effect where lines cannot be rewritten. */
  status({ at, phase, place, table, lanes }) {
    const seen = lanes.map(lane => `${kindOf(lane)} ${signed(lane)}`);
    this.rewrite([`${at.toFixed(1)} s ${phase.name}`, ...seen], place / table.length);
  }

  settling() {
    this.rewrite(['the last orders come to their end'], 1);
  }
}

/** What the signs of the live line mean. */
export const legend = '✓ answered   ◐ in part   ⊘ refused   ✗ failed, or nobody answered   … waiting';

/** `bare` or `keelson`. */
const kindOf = lane => lane.idOf('').replace(/\d*-$/, '');

function signed(lane) {
  const failed = lane.count('failed') + lane.count('left');
  const waiting = lane.sent - lane.visits.length;
  const counts = [lane.count('answered'), lane.count('partial'), lane.count('refused'), failed, waiting];
  const parts = counts.map((count, place) => (count > 0 ? `${'✓◐⊘✗…'[place]}${count}` : '')).filter(Boolean);
  return parts.join(' ') || 'nothing yet';
}
