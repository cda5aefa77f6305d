/** `auto` follows the system. */
export type Theme = 'auto' | 'light' | 'dark';

const themes: readonly Theme[] = ['auto', 'light', 'dark'];

/** Goes on to the next theme. It is not kept: a page that stores nothing needs nobody's consent. */
export function nextTheme(): Theme {
  const root = document.documentElement;
  const now = (root.dataset['theme'] ?? 'auto') as Theme;
  const next = themes[(themes.indexOf(now) + 1) % themes.length]!;
  root.dataset['theme'] = next;
  return next;
}
