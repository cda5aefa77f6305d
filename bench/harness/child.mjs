// What runs inside a process of its own: `fork`ed by harness/fork.mjs, answers once over IPC, and is gone.
import { bytesOf } from './bytes.mjs';
import { memoryOf, timersOf } from './memory.mjs';
import { timeGroup } from './time.mjs';

const [file, job, subjectName, settings] = JSON.parse(process.argv[2]);
const { group } = await import(file);

// A check may wait for a timer that does not hold the process; the process must outlast it.
const held = setInterval(() => {}, 1000);

async function load(subjects) {
  const loaded = [];
  for (const subject of subjects) {
    const make = await subject.load();
    if (make !== undefined) loaded.push({ ...subject, make });
  }
  return loaded;
}

/** A subject that leaves a caller waiting for ever has failed too. */
function patiently(check) {
  const gaveUp = new Promise((_, reject) => {
    setTimeout(reject, 15_000, new Error('the check does not come to an end')).unref();
  });
  return Promise.race([check, gaveUp]);
}

async function checkAll() {
  const verdicts = [];
  for (const subject of group.subjects) {
    if (subject.name === 'bare') continue;
    try {
      const make = await subject.load();
      if (make === undefined) verdicts.push({ subject: subject.name, missing: subject.missing });
      else {
        await patiently(group.check(make, subject.lacks ?? []));
        verdicts.push({ subject: subject.name });
      }
    } catch (error) {
      verdicts.push({ subject: subject.name, error: String(error?.stack ?? error) });
    }
  }
  return verdicts;
}

async function only(name) {
  const [subject] = await load(group.subjects.filter(each => each.name === name));
  return subject;
}

const jobs = {
  check: checkAll,
  time: async () =>
    timeGroup(group, await load(group.subjects.filter(each => settings.names.includes(each.name))), settings),
  bytes: async () => bytesOf(group, await only(subjectName), settings),
  memory: async () => memoryOf(await only(subjectName), settings),
  timers: async () => timersOf(await only(subjectName)),
};

const answer = await jobs[job]();
clearInterval(held);
// Some peers leave timers behind that would hold the process for as long as they are set.
process.send(answer, () => process.exit(0));
