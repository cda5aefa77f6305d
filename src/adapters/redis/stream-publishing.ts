import type { Clock } from '../../kernel/clock.js';
import type { OutRecord, PublishOutcome } from '../../messaging/driver.js';
import { bufferOf, headersText } from './stream-record.js';
import { codeOf, isReply, type StreamScripts } from './stream-scripts.js';

/** What another try may do better, as the server calls it, or the scripts. */
const passing: readonly string[] = [
  ...['FULL', 'OOM', 'LOADING', 'BUSY', 'READONLY', 'MASTERDOWN', 'MISCONF', 'NOREPLICAS', 'TRYAGAIN'],
  'UNBLOCKED',
];

const isPassing = (text: string): boolean => passing.includes(codeOf(text));

/** Publishes a batch in one step, with an outcome for each. */
export async function publishRecords(
  scripts: StreamScripts,
  clock: Clock,
  records: readonly OutRecord[],
): Promise<readonly PublishOutcome[]> {
  const args: (string | Buffer)[] = [];
  for (const { topic, key = '', headers, body, notBefore, group = '' } of records) {
    // The server counts from its own clock: a span survives that the two differ, a point would not.
    const waitMs = notBefore === undefined ? 0 : Math.max(0, Math.ceil(notBefore - clock.wall()));
    args.push(`${waitMs} ${topic} ${group}`, key, headersText(headers), bufferOf(body));
  }
  try {
    const answers = (await scripts.run('publish', args)) as readonly Buffer[];
    return answers.map(answer => outcomeOf(answer.toString()));
  } catch (error) {
    const outcome = failure(error);
    return records.map(() => outcome);
  }
}

function outcomeOf(answer: string): PublishOutcome {
  if (!answer.startsWith('!')) return { ok: true, position: answer };
  const text = answer.slice(1);
  return { ok: false, error: new Error(text), retryable: isPassing(text), maybeStored: false };
}

/** The whole batch has failed. What the server has answered it has not done; else nobody knows. */
function failure(error: unknown): PublishOutcome {
  if (isReply(error)) {
    return { ok: false, error, retryable: isPassing(error.message), maybeStored: false };
  }
  // So says a client that keeps nothing for a server that is away.
  const unsent = error instanceof Error && error.message.includes("Stream isn't writeable");
  return { ok: false, error, retryable: true, maybeStored: !unsent };
}
