/** The rules of OpenMetrics 1.0 that a text breaks: order, names, types, units, series twice, and its end. */
export function openMetricsProblems(text: string): string[] {
  const lines = text.split('\n');
  const problems: string[] = [];
  if (lines.pop() !== '' || lines.pop() !== '# EOF') problems.push('does not end in # EOF and a line feed');
  const types = new Map<string, string>();
  const series = new Set<string>();
  let family = '';
  for (const line of lines) {
    const meta = /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) (.*)$/.exec(line);
    if (meta !== null) {
      const [, what, name = '', said = ''] = meta;
      if (name !== family && types.has(name)) problems.push(`family twice: ${name}`);
      family = name;
      if (what === 'TYPE') types.set(name, said);
      if (what === 'UNIT' && !name.endsWith(`_${said}`)) problems.push(`unit is not its end: ${line}`);
      if (what === 'TYPE' && said === 'counter' && name.endsWith('_total')) problems.push(`total: ${line}`);
      continue;
    }
    const label = '[a-zA-Z_]\\w*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"';
    const sample = new RegExp(
      `^([a-zA-Z_:][\\w:]*)(\\{(?:${label}(?:,${label})*)?\\}) (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|[+-]Inf)$`,
    ).exec(line);
    if (sample === null) {
      problems.push(`no sample: ${line.slice(0, 200)}`);
      continue;
    }
    const [, name = '', labels] = sample;
    const ends = { counter: ['_total'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] }[
      types.get(family) as 'counter'
    ];
    if (!ends?.some(end => name === family + end)) problems.push(`not of its family ${family}: ${name}`);
    if (series.has(`${name}${labels}`)) problems.push(`series twice: ${name}${labels}`);
    series.add(`${name}${labels}`);
  }
  return problems;
}
