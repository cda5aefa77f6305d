/** Figures by the names of their columns. */
export type Rows = readonly Readonly<Record<string, string | number>>[];

/** Rows of figures as a table of Markdown, its columns in the order of the first row. */
export function table(rows: Rows): string {
  const heads = Object.keys(rows[0] ?? {});
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  const body = rows.map(row => line(heads.map(head => row[head] ?? '')));
  return [line(heads), line(heads.map(() => '---')), ...body].join('\n');
}

/** 0.9876 is `98.8 %`. */
export const percent = (part: number): string => `${(100 * part).toFixed(1)} %`;
