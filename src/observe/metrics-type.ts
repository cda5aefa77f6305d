/** What a weight of an `Accept` field says; 1 where it says none, 0 for what is none. */
function weightOf(parameters: readonly string[]): number {
  const said = parameters.map(one => /^q=(\d(?:\.\d{1,3})?)$/.exec(one.trim())).find(one => one !== null);
  const given = parameters.some(one => one.trim().startsWith('q='));
  return said ? Number(said[1]) : given ? 0 : 1;
}

/** Whether an `Accept` field wants OpenMetrics at least as much as plain text. */
export function asksForOpenMetrics(accept: string | undefined): boolean {
  let open = 0;
  let plain = 0;
  // Who asks for more than this is no client that is known.
  for (const range of (accept ?? '').slice(0, 2_000).toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';');
    const weight = weightOf(parameters);
    const version = parameters.map(one => /^version="?([\d.]+)"?$/.exec(one.trim())?.[1]).find(Boolean);
    if (type.trim() === 'application/openmetrics-text') {
      if (version === undefined || version === '1.0.0') open = Math.max(open, weight);
    } else if (['text/plain', 'text/*', '*/*'].includes(type.trim())) plain = Math.max(plain, weight);
  }
  return open > 0 && open >= plain;
}
