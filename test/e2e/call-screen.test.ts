import { describe, expect, it } from 'vitest';

// The demo is plain JavaScript, which the tests know no types of.
const { Screen } = await import(/* @vite-ignore */ `../../examples/call/${'screen'}.mjs`);

function stream({ isTTY, colors = false, columns }: { isTTY: boolean; colors?: boolean; columns?: number }) {
  const written: string[] = [];
  return { isTTY, columns, written, hasColors: () => colors, write: (text: string) => written.push(text) };
}

const tally = { counts: { answered: 1_234, fallback: 512, failed: 48, rejected: 233 }, waiting: 144 };
const now = { seconds: 21.53, draining: false, phase: 6, bare: tally, keelson: tally, breaker: 'half-open' };

describe('the screen of the demo', () => {
  it.each([40, 80, 200])('rewrites one line that fits a terminal of %d columns', columns => {
    const terminal = stream({ isTTY: true, columns });
    new Screen(terminal).status(now);
    expect(terminal.written).toHaveLength(1);
    const [before, shown] = terminal.written[0]!.split('\x1b[2K');
    expect(before).toBe('\r');
    expect(shown!.length).toBeLessThan(columns);
    expect(shown).not.toContain('\n');
    expect(shown).toContain('21.5/33.5 s 503');
  });

  it('says what stands, and how far it is, where there is room', () => {
    const terminal = stream({ isTTY: true, columns: 200 });
    new Screen(terminal).status(now);
    expect(terminal.written[0]).toMatch(/█+░+ 21\.5/);
    expect(terminal.written[0]).toContain('bare ✓1234 ↩512 ✗48 ⊘233 …144 │ keelson');
    expect(terminal.written[0]).toMatch(/half-open$/);
  });

  it('writes plain lines, and no escapes, where lines cannot be rewritten', () => {
    const pipe = stream({ isTTY: false, colors: true });
    const screen = new Screen(pipe);
    screen.status(now);
    screen.phase(now);
    screen.line(screen.paint('red', 'text'));
    screen.clear();
    expect(pipe.written.join('')).not.toContain('\x1b');
    expect(pipe.written.join('')).not.toContain('\r');
    expect(pipe.written.at(-1)).toBe('text\n');
    expect(pipe.written[0]).toContain('503 with Retry-After: 1');
  });

  it('uses colours only where the terminal wants them', () => {
    expect(new Screen(stream({ isTTY: true, colors: true })).paint('red', 'text')).toBe(
      '\x1b[31mtext\x1b[0m',
    );
    expect(new Screen(stream({ isTTY: true, colors: false })).paint('red', 'text')).toBe('text');
  });
});
