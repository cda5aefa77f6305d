/** Longer texts are cut where they are shown. */
const LONGEST = 600;

/**
 * A text as a person may see it: what steers terminals, writing directions or layout is shown as a sign for
 * it and does nothing.
 */
export function printable(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  let shown = '';
  for (const sign of short) shown += visible(sign, sign.codePointAt(0)!);
  return shown;
}

function visible(sign: string, code: number): string {
  if (code === 0x0a) return '␤';
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  const control = code >= 0x80 && code <= 0x9f;
  const direction = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const half = code >= 0xd800 && code <= 0xdfff;
  return control || direction || half || code === 0x2028 || code === 0x2029 ? '�' : sign;
}

/** Three digits and a unit: `12.3k`. */
export function count(value: number): string {
  const size = Math.abs(value);
  if (size < 1_000) return String(Math.round(value * 10) / 10);
  if (size < 1_000_000) return `${(value / 1_000).toFixed(size < 10_000 ? 1 : 0)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** A span of time in its largest fitting unit. */
export function span(ms: number): string {
  const size = Math.abs(ms);
  if (size < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (size < 1_000) return `${Math.round(ms)} ms`;
  if (size < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (size < 120_000) return `${Math.round(ms / 1_000)} s`;
  if (size < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** The time of day, by the clock of who looks. */
export function clockTime(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '—';
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Day and time, for what may be older. */
export function stamp(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '—';
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(at)}`;
}

/** `halfOpened` as words: `half opened`. */
export const words = (name: string): string =>
  name
    .replaceAll('-', ' ')
    .replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);

/** With a capital letter at its beginning. */
export const headed = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
