/** Columns as wide as their widest cell; the first to the left, figures to the right. */
export function table(header, rows) {
  const cells = [header, ...rows].map(row => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map(row => row[column].length)));
  const line = row =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  return [line(cells[0]), widths.map(width => '-'.repeat(width)).join('  '), ...cells.slice(1).map(line)];
}

const figure = (value, digits = 0) =>
  value === null || value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);

/** Three digits that mean something: 1.23, 12.3, 123. */
export const short = value => figure(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);

function callCells(row) {
  if (row === undefined) return ['-', '-', '-', '-', '-'];
  return [
    short(row.ns),
    short(row.nsOver),
    short(row.nsSpread),
    `${short(row.ratio)}x`,
    figure(row.bytesOver),
  ];
}

/** All subjects of a group, one line each, cheapest first, with one block of columns per number in flight. */
export function callTable(group, rows) {
  const header = ['subject'];
  for (const inflight of group.inflight)
    header.push(`${inflight} in flight: ns`, 'over', '+-', 'ratio', 'B over');
  const names = [...new Set(rows.map(row => row.subject))];
  const find = (name, inflight) => rows.find(row => row.subject === name && row.inflight === inflight);
  names.sort((a, b) => find(a, group.inflight[0]).nsOver - find(b, group.inflight[0]).nsOver);
  const lines = names.map(name => [
    name,
    ...group.inflight.flatMap(inflight => callCells(find(name, inflight))),
  ]);
  return table(header, lines);
}
