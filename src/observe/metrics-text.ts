import type { Labels, MetricFamily, MetricHead } from './metric-family.js';

/** How metrics become text. */
export interface TextRules {
  /** Whether as OpenMetrics 1.0; else in the text format 0.0.4 of Prometheus. */
  readonly open: boolean;
  readonly service: string;
  readonly boundsMs: readonly number[];
}

/** What an unit is called at the end of a name; things that are counted have none. */
const suffixes: Readonly<Record<string, string>> = /* @__PURE__ */ Object.freeze({
  s: '_seconds',
  By: '_bytes',
  '1': '_ratio',
});

/** The name of a metric there, without the `_total` of a counter. */
export function prometheusName({ name, unit }: MetricHead): string {
  const suffix = suffixes[unit] ?? '';
  const flat = name.replace(/\W/g, '_');
  return flat.endsWith(suffix) ? flat : flat + suffix;
}

/**
 * A text within quotes. Both formats have a way to write a backslash, a quote and a line feed; every other
 * sign that a terminal or a parser may take for something else, and half a character, becomes U+FFFD.
 */
function quoted(text: string): string {
  const clean = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]|\p{Surrogate}/gu, '\ufffd')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n');
  return `"${clean}"`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name.replace(/\W/g, '_')}=${quoted(value)}`);
  return `{${parts.join(',')}}`;
}

function numberText(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}

/** A bound is a float in OpenMetrics, also where it is whole. */
const boundText = (ms: number): string => {
  const text = String(ms / 1000);
  return /^\d+$/.test(text) ? `${text}.0` : text;
};

function familyText(family: MetricFamily, { open, service, boundsMs }: TextRules): string[] {
  const { head, samples, histograms } = family;
  const base = prometheusName(head);
  const sampled = head.type === 'counter' ? `${base}_total` : base;
  const named = open ? base : sampled;
  const lines = [`# HELP ${named} ${head.help}`, `# TYPE ${named} ${head.type}`];
  if (open && suffixes[head.unit] !== undefined) {
    lines.push(`# UNIT ${named} ${suffixes[head.unit]!.slice(1)}`);
  }
  for (const { labels, value } of samples) {
    lines.push(`${sampled}${labelText({ service, ...labels })} ${numberText(value)}`);
  }
  for (const { labels, upTo, count, sum } of histograms) {
    const own = { service, ...labels };
    for (const [place, below] of upTo.entries()) {
      lines.push(`${base}_bucket${labelText({ ...own, le: boundText(boundsMs[place]!) })} ${below}`);
    }
    lines.push(`${base}_bucket${labelText({ ...own, le: '+Inf' })} ${count}`);
    lines.push(`${base}_sum${labelText(own)} ${numberText(sum)}`, `${base}_count${labelText(own)} ${count}`);
  }
  return lines;
}

/** The metrics as text, with what each of them is. */
export function renderMetrics(families: readonly MetricFamily[], rules: TextRules): string {
  const lines = families.flatMap(family => familyText(family, rules));
  if (rules.open) lines.push('# EOF');
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
