import type { SagaFacts, SagaStepFacts } from '../protocol.js';
import { drawn, element } from './dom.js';
import { fields, list, text } from './facts.js';
import { printable } from './text.js';

/** A step of a definition, as `describe()` tells of it. */
export interface StepPlan {
  readonly name: string;
  readonly kind: string;
  readonly after: readonly string[];
  readonly compensated: boolean;
}

/** The steps of a definition, by its name and version, out of the description of an orchestrator. */
export function stepsOf(description: unknown, name: string, version: number): readonly StepPlan[] {
  const definition = list(fields(description)['definitions']).find(
    one => text(one, 'name') === name && text(one, 'version') === String(version),
  );
  return list(fields(definition)['steps']).map(step => ({
    name: text(step, 'name'),
    kind: text(step, 'kind'),
    after: list(fields(step)['after']).filter(one => typeof one === 'string'),
    compensated: fields(step)['compensated'] === true,
  }));
}

/** How a step stands, in a word and a tone; `isNext` for one that a running saga has come to. */
export function standOf(entry: SagaStepFacts | undefined, isNext: boolean): { word: string; tone: string } {
  if (entry?.stuck === true) return { word: 'stuck', tone: 'bad' };
  const state = entry?.state;
  if (state === 'done') return { word: 'done', tone: 'good' };
  if (state === 'undone') return { word: 'undone', tone: 'warn' };
  if (state === 'failed' || state === 'unknown') return { word: state, tone: 'bad' };
  if (state === 'skipped' || state === 'left') return { word: state, tone: 'idle' };
  if (state === 'started' || (isNext && entry === undefined)) return { word: 'here', tone: 'now' };
  if (entry?.dueAt !== undefined) return { word: 'waits', tone: 'now' };
  return isNext ? { word: 'here', tone: 'now' } : { word: 'to come', tone: 'idle' };
}

const ended = ['done', 'skipped', 'left', 'undone'];

/** The steps at which a saga that goes forward stands: all before them are done, and they are not. */
export function stepsHere(steps: readonly StepPlan[], saga: SagaFacts): ReadonlySet<string> {
  const isActive = saga.status === 'running' || saga.status === 'waiting';
  if (!isActive || saga.direction !== 'forward') return new Set();
  const isOver = (name: string): boolean => ended.includes(saga.entries[name]?.state ?? '');
  return new Set(
    steps.filter(({ name, after }) => !isOver(name) && after.every(isOver)).map(({ name }) => name),
  );
}

const WIDTH = 148;
const HEIGHT = 52;
const GAP_X = 44;
const GAP_Y = 18;
const LONGEST_NAME = 18;

/** Columns by the longest way to a step, rows by the order in the definition. */
function placesOf(
  steps: readonly StepPlan[],
): Map<string, { readonly column: number; readonly row: number }> {
  const places = new Map<string, { column: number; row: number }>();
  const heights: number[] = [];
  for (const { name, after } of steps) {
    const column = Math.max(0, ...after.map(before => (places.get(before)?.column ?? -1) + 1));
    const row = heights[column] ?? 0;
    heights[column] = row + 1;
    places.set(name, { column, row });
  }
  return places;
}

const signs: Readonly<Record<string, string>> = {
  ...{ done: '✓', undone: '↩', stuck: '!', failed: '✕', unknown: '?' },
  ...{ here: '▶', waits: '…', skipped: '↷', left: '⚑', 'to come': '○' },
};

/** The steps of a saga as boxes with arrows from each to those that wait for it. */
export function sagaDiagram(steps: readonly StepPlan[], saga: SagaFacts): HTMLElement {
  const places = placesOf(steps);
  const here = stepsHere(steps, saga);
  const all = [...places.values()];
  const width = (Math.max(0, ...all.map(({ column }) => column)) + 1) * (WIDTH + GAP_X) - GAP_X + 4;
  const height = (Math.max(0, ...all.map(({ row }) => row)) + 1) * (HEIGHT + GAP_Y) - GAP_Y + 4;
  const at = (name: string): readonly [number, number] => {
    const { column, row } = places.get(name) ?? { column: 0, row: 0 };
    return [column * (WIDTH + GAP_X) + 2, row * (HEIGHT + GAP_Y) + 2];
  };
  const arrows = steps.flatMap(({ name, after }) =>
    after.filter(one => places.has(one)).map(one => arrow(at(one), at(name))),
  );
  const boxes = steps.map(step =>
    box(step, at(step.name), standOf(saga.entries[step.name], here.has(step.name))),
  );
  const told = steps.map(({ name }) => `${name}: ${standOf(saga.entries[name], here.has(name)).word}`);
  const label = printable(`Steps of ${saga.definition}. ${told.join(', ')}`);
  const view = { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label };
  const attributes = { tabindex: '0', role: 'group', 'aria-label': 'Diagram of the steps' };
  return element('div', { class: 'scroll diagram', attributes }, drawn('svg', view, ...arrows, ...boxes));
}

function arrow([x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): SVGElement {
  const [fromX, fromY, toX, toY] = [x1 + WIDTH, y1 + HEIGHT / 2, x2 - 6, y2 + HEIGHT / 2];
  const bend = (fromX + toX) / 2;
  const d = `M${fromX} ${fromY} C${bend} ${fromY} ${bend} ${toY} ${toX} ${toY}`;
  const tip = `M${toX} ${toY - 4} L${toX + 6} ${toY} L${toX} ${toY + 4} Z`;
  return drawn(
    'g',
    { class: 'arrow' },
    drawn('path', { d, class: 'shaft' }),
    drawn('path', { d: tip, class: 'tip' }),
  );
}

function box(
  { name, kind, compensated }: StepPlan,
  [x, y]: readonly [number, number],
  { word, tone }: { readonly word: string; readonly tone: string },
): SVGElement {
  const plain = printable(name);
  const title = plain.length > LONGEST_NAME ? `${plain.slice(0, LONGEST_NAME - 1)}…` : plain;
  const says = `${kind === 'step' ? '' : `${kind} · `}${word}${compensated ? '' : ' · no undo'}`;
  const label = (text: string, attributes: Readonly<Record<string, string | number>>): SVGElement => {
    const made = drawn('text', attributes);
    made.textContent = text;
    return made;
  };
  return drawn(
    'g',
    { class: `step tone-${tone}` },
    drawn('rect', { x, y, width: WIDTH, height: HEIGHT, rx: 9 }),
    label(signs[word] ?? '', { x: x + 12, y: y + 22, class: 'sign' }),
    label(title, { x: x + 30, y: y + 22, class: 'name' }),
    label(says, { x: x + 30, y: y + 39, class: 'says' }),
  );
}
