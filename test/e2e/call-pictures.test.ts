import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../house/tree.js';

// The demo is plain JavaScript, which the tests know no types of.
const { writePictures } = await import(/* @vite-ignore */ `../../examples/call/${'pictures'}.mjs`);
const { steps } = await import(/* @vite-ignore */ `../../examples/call/${'schedule'}.mjs`);
const { wishes } = await import(/* @vite-ignore */ `../../examples/call/${'traffic'}.mjs`);

/** What a customer wants, as the demo draws it. */
interface Wish {
  readonly phase: number;
}

const folder = mkdtempSync(join(tmpdir(), 'keelson-pictures-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A run as the demo has it, made of numbers. */
function runOf(ends: readonly string[]) {
  const entries = wishes(1).map((wish: Wish, at: number) => ({
    ...wish,
    end: ends[at % ends.length],
    waitMs: 1 + ((at * 37) % 900),
  }));
  const lane = { entries };
  const service = { steps: Array.from({ length: steps }, (_, step) => (step * 7) % 13) };
  const changes = [
    { at: 0, state: 'closed' },
    { at: 11, state: 'open' },
    { at: 12, state: 'half-open' },
    { at: 12.01, state: 'closed' },
  ];
  return { bare: lane, keelson: lane, services: { bare: service, keelson: service }, changes };
}

describe('the pictures of the demo', () => {
  const names: string[] = writePictures(folder, runOf(['answered', 'fallback', 'rejected', 'failed']));
  const picture = (name: string) => readFileSync(join(folder, name), 'utf8');

  it('are those of the gallery', () => {
    const kept = readdirSync(join(root, 'docs/pictures')).filter(name => name.endsWith('.svg'));
    expect(kept.sort()).toEqual([...names].sort());
    const gallery = readFileSync(join(root, 'docs/gallery.md'), 'utf8');
    const shown = [...gallery.matchAll(/\]\(pictures\/([\w-]+\.svg)\)/g)].map(([, name]) => name);
    expect(shown.sort()).toEqual([...names].sort());
  });

  it.each(names)('have each end, and no number that is none: %s', name => {
    const svg = picture(name);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    for (const end of ['answered', 'fallback', 'rejected', 'failed']) {
      expect(svg).toContain(`<path class="${end}" d="M`);
    }
    for (const state of ['closed', 'open', 'half-open']) expect(svg).toContain(`<rect class="${state}"`);
  });

  it('say how the calls of the trouble ended', () => {
    const slow = picture('slow.svg');
    const [, answered, fallback] = /(\d+) answered · (\d+) by the fallback/.exec(slow) ?? [];
    const inPhase = wishes(1).filter(({ phase }: Wish) => phase === 3);
    expect(Number(answered)).toBeGreaterThan(0);
    expect(Math.abs(Number(answered) - inPhase.length / 4)).toBeLessThan(2);
    expect(Math.abs(Number(fallback) - inPhase.length / 4)).toBeLessThan(2);
  });

  it('say nothing of an end that no call had', () => {
    writePictures(folder, runOf(['answered']));
    expect(picture('slow.svg')).not.toContain('rejected at once ·');
  });
});
