/**
 * @typedef {'well' | 'flaky' | 'rush' | 'slow' | 'hangs' | 'busy' | 'resets'} Mood
 * @typedef {object} Phase
 * @property {Mood} mood How the services behave.
 * @property {string} label How it is called on the time axis.
 * @property {string} about The same in a sentence.
 * @property {number} seconds
 * @property {boolean} [sick] Whether calls are lost on the service: what reaches it only makes it worse.
 * @property {number} [crowd] That many calls more arrive all at once when the phase begins.
 */

/** @type {readonly Phase[]} */
export const phases = [
  { mood: 'well', label: 'well', about: 'answers within 25 ms', seconds: 4 },
  { mood: 'flaky', label: 'flaky', about: 'every fifth request fails: 503 or a reset', seconds: 4 },
  { mood: 'rush', label: 'rush', about: 'well, but 80 calls come at once', seconds: 2.5, crowd: 80 },
  { mood: 'slow', label: 'slow', about: 'answers take 1.5 to 2.5 s', seconds: 4, sick: true },
  { mood: 'well', label: 'well', about: 'it has recovered', seconds: 4 },
  { mood: 'hangs', label: 'hangs', about: 'takes requests and never answers', seconds: 3, sick: true },
  { mood: 'busy', label: '503', about: '503 with Retry-After: 1', seconds: 3, sick: true },
  { mood: 'resets', label: 'resets', about: 'resets every connection', seconds: 4, sick: true },
  { mood: 'well', label: 'well', about: 'it has recovered', seconds: 5 },
];

/** The seconds at which the phases begin, and at the end of the list that at which the last one ends. */
export const starts = [0];
for (const { seconds } of phases) starts.push(starts.at(-1) + seconds);

export const totalSeconds = starts.at(-1);

/** Arrivals at the service are counted in steps of this many ms; one step is one column of the picture. */
export const STEP_MS = 500;

export const steps = Math.ceil((totalSeconds * 1_000) / STEP_MS);

/** The index of the phase that runs `seconds` after the start. */
export function phaseAt(seconds) {
  const next = starts.findIndex(start => start > seconds);
  return next < 0 ? phases.length - 1 : next - 1;
}
