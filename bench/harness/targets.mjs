// A missed target is marked, never thrown: a figure of a shared machine must not turn a build red.

const units = { nsOver: 'ns', bytesOver: 'B', ratio: 'x' };

function limitOf(target, row, rows) {
  if (target.of === undefined) return target.atMost;
  const peers = rows.filter(each => each.inflight === row.inflight && each.subject.startsWith(target.of));
  return target.share * Math.min(...peers.map(each => each[target.figure]));
}

function wording(target, limit) {
  const unit = units[target.figure];
  if (target.of === undefined) return `${target.figure} at most ${limit} ${unit}`;
  const share = `1/${Math.round(1 / target.share)} of ${target.of}`;
  return `${target.figure} at most ${share} = ${limit.toFixed(1)} ${unit}`;
}

/** The targets were set on one machine; what the floor costs on this one tells how far they carry over. */
function floorHere(target, row, rows) {
  const bound = rows.find(each => each.inflight === row.inflight && each.subject === 'bound');
  return bound === undefined ? '' : ` (bound here ${bound[target.figure].toFixed(1)})`;
}

function lineOf(target, row, rows) {
  const value = row[target.figure];
  const limit = limitOf(target, row, rows);
  const mark = value <= limit ? 'pass' : 'MISS';
  const where = `${mark}  ${row.inflight} in flight: ${value.toFixed(1)}`;
  return `${where}, ${wording(target, limit)}${floorHere(target, row, rows)}`;
}

/** A target may be for one number of calls in flight only. */
function isMeant(target, row) {
  const inflight = target.inflight ?? row.inflight;
  return inflight === row.inflight && Number.isFinite(row[target.figure]);
}

/** One line for each target and number in flight, for keelson's own rows. */
export function judge(targets, rows) {
  const ours = rows.filter(row => row.subject === 'keelson');
  return targets.flatMap(target =>
    ours.filter(row => isMeant(target, row)).map(row => lineOf(target, row, rows)),
  );
}
