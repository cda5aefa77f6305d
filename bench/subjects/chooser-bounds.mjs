// The least that makes each choice, written by hand over flat lists: no weights, no failures, nobody barred.
const hash = key => {
  let bits = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) bits = Math.imul(bits ^ key.charCodeAt(at), 0x01000193);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
};

const KEYS = Array.from({ length: 1024 }, (_, at) => `user ${at}`);

/** Two places that differ, by chance. */
const TWO = `
  const one = (Math.random() * count) | 0;
  let two = (Math.random() * (count - 1)) | 0;
  if (two >= one) two++;`;

const BODIES = {
  'round robin': 'if (next === count) next = 0; if (hosts[next++] === undefined) none++;',
  'weighted turns': 'if (next === count) next = 0; if (hosts[order[next++]] === undefined) none++;',
  'two choices': `${TWO} if (hosts[busy[two] < busy[one] ? two : one] === undefined) none++;`,
  'peak EWMA': `${TWO}
    const first = costs[one] * Math.exp((at0[one] - 1000) / 10000) * (busy[one] + 1);
    const second = costs[two] * Math.exp((at0[two] - 1000) / 10000) * (busy[two] + 1);
    if (hosts[second < first ? two : one] === undefined) none++;`,
  maglev: 'if (hosts[table[hash(keys[at & 1023]) % 65537]] === undefined) none++;',
};

/** Each bound among `count` hosts, as `by hand: <way>`. */
export function bounds(count) {
  const hosts = Array.from({ length: count }, (_, at) => ({ id: `10.0.${at}:8080` }));
  const numbers = of => Float64Array.from({ length: count }, (_, at) => of(at));
  const lists = {
    ...{ hosts, count, hash, keys: KEYS },
    order: Uint32Array.from({ length: count }, (_, at) => (at * 7919) % count),
    busy: Int32Array.from({ length: count }, (_, at) => at % 7),
    costs: numbers(at => 1 + (at % 13)),
    at0: numbers(at => at % 1_000),
    table: Uint32Array.from({ length: 65_537 }, (_, at) => Math.imul(at, 0x9e3779b1) >>> 8).map(
      n => n % count,
    ),
  };
  return Object.entries(BODIES).map(([name, body]) => {
    const text = `let next = 0; let none = 0; for (let at = 0; at < times; at++) { ${body} } return none;`;
    const loop = new Function(...Object.keys(lists), 'times', text);
    return { name: `by hand: ${name}`, run: times => loop(...Object.values(lists), times) };
  });
}
