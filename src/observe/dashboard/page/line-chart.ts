import UPlot from 'uplot';
import { element, setHidden } from './dom.js';
import { clockTime } from './text.js';

/** One line of a chart. */
export interface Line {
  /** A word of this page, never of the data: the library may read it as anything. */
  readonly label: string;
  /** The name of a colour of the style sheet, such as `--line-1`. */
  readonly colour: string;
  readonly filled?: boolean;
}

/** Seconds, and a list of numbers for each line. */
export type Points = readonly [at: readonly number[], ...lines: readonly (readonly (number | null)[])[]];

interface ChartOptions {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly height: number;
  format(value: number): string;
}

/** Rows of the table that says the same as the chart. */
const TABLE_ROWS = 12;

const colourOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim() || '#888';

/** A chart of lines over time, with the same numbers as a table for who wants to read them. */
export class LineChart {
  readonly root: HTMLElement;
  readonly #options: ChartOptions;
  readonly #stage = element('div', { class: 'stage' });
  readonly #empty = element('p', { class: 'faint', text: 'Nothing to draw yet.' });
  readonly #table = element('div', { class: 'scroll', attributes: { tabindex: '0' } });
  readonly #details: HTMLDetailsElement;
  readonly #observer: ResizeObserver;
  #plot: UPlot | undefined;
  #theme = '';
  #points: Points = [[]];

  constructor(options: ChartOptions) {
    this.#options = options;
    this.#stage.setAttribute('role', 'img');
    this.#details = element(
      'details',
      { class: 'as-table', on: { toggle: () => this.#fillTable() } },
      element('summary', { text: 'As a table' }),
      this.#table,
    );
    this.#table.setAttribute('aria-label', `${options.title}, as a table`);
    this.#table.setAttribute('role', 'group');
    this.root = element(
      'div',
      { class: 'chart' },
      legend(options.lines),
      this.#stage,
      this.#empty,
      this.#details,
    );
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(this.#stage);
  }

  update(points: Points): void {
    this.#points = points;
    const isEmpty = points[0].length < 2;
    setHidden(this.#empty, !isEmpty);
    setHidden(this.#stage, isEmpty);
    if (isEmpty || this.#stage.clientWidth === 0) return;
    const theme = colourOf('--line-1') + colourOf('--grid');
    if (theme !== this.#theme) this.#drop();
    this.#theme = theme;
    if (this.#plot === undefined) this.#plot = this.#make(points);
    else this.#plot.setData(points as UPlot.AlignedData);
    this.#stage.setAttribute('aria-label', this.#says());
    this.#fillTable();
  }

  remove(): void {
    this.#observer.disconnect();
    this.#drop();
  }

  #drop(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #fit(): void {
    const width = this.#stage.clientWidth;
    if (width === 0) return;
    if (this.#plot === undefined) this.update(this.#points);
    else if (this.#plot.width !== width) this.#plot.setSize({ width, height: this.#options.height });
  }

  #make(points: Points): UPlot {
    const { height, lines, format } = this.#options;
    const ink = colourOf('--faint');
    const grid = { stroke: colourOf('--grid'), width: 1 };
    const font = '11px system-ui, sans-serif';
    const common = { stroke: ink, grid, font, ticks: { show: false } };
    const options: UPlot.Options = {
      width: this.#stage.clientWidth,
      height,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { show: true } },
      // On the right there is room for half of the last time.
      padding: [8, 28, 0, 0],
      scales: { y: { range: (_, low, high) => [Math.min(0, low), high <= 0 ? 1 : high * 1.1] } },
      axes: [
        { ...common, size: 24, space: 70, values: (_, splits) => splits.map(at => clockTime(at * 1_000)) },
        { ...common, size: 52, space: 28, values: (_, splits) => splits.map(format) },
      ],
      series: [
        {},
        ...lines.map(({ label, colour, filled }) => ({
          label,
          stroke: colourOf(colour),
          width: 2,
          points: { show: false },
          ...(filled === true && { fill: `${colourOf(colour)}22` }),
        })),
      ],
    };
    return new UPlot(options, points as UPlot.AlignedData, this.#stage);
  }

  /** What the chart shows, in words. */
  #says(): string {
    const { title, lines, format } = this.#options;
    const last = lines.map(({ label }, index) => {
      const value = (this.#points[index + 1] ?? []).findLast(one => one !== null);
      return `${label} ${value === undefined || value === null ? 'unknown' : format(value)}`;
    });
    return `${title}: ${last.join(', ')}`;
  }

  /** Only where somebody has opened it: a table that changes each second costs more than a chart. */
  #fillTable(): void {
    if (!this.#details.open) return;
    const { lines, format, title } = this.#options;
    const [at, ...values] = this.#points;
    const rows = at.slice(-TABLE_ROWS).map((seconds, row) => {
      const index = Math.max(0, at.length - TABLE_ROWS) + row;
      const cells = values.map(line => {
        const value = line[index];
        return element('td', { text: value === null || value === undefined ? '—' : format(value) });
      });
      return element('tr', {}, element('td', { text: clockTime(seconds * 1_000) }), ...cells);
    });
    const heads = ['Time', ...lines.map(({ label }) => label)];
    const head = element(
      'tr',
      {},
      ...heads.map(name => element('th', { text: name, attributes: { scope: 'col' } })),
    );
    const caption = element('caption', { class: 'unseen', text: title });
    this.#table.replaceChildren(
      element('table', {}, caption, element('thead', {}, head), element('tbody', {}, ...rows.reverse())),
    );
  }
}

function legend(lines: readonly Line[]): HTMLElement {
  const keys = lines.map(({ label, colour }) => {
    const swatch = element('span', { class: 'swatch', attributes: { 'aria-hidden': 'true' } });
    swatch.style.setProperty('background', `var(${colour})`);
    return element('li', {}, swatch, label);
  });
  return element('ul', { class: 'legend' }, ...keys);
}
