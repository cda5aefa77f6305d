// The saga of an order, whose steps are calls of services that stand behind a barrier.
import { request } from 'node:http';
import { defineSaga } from 'keelson/saga';

/** A status of HTTP that is not 200: the saga reads from it whether the step has failed for good. */
class HttpError extends Error {
  constructor(step, status) {
    super(`${step} answered ${status}`);
    this.status = status;
  }
}

function post(port, { idempotencyKey, epoch, input, signal, step }) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey, epoch };
    const call = request({ port, host: '127.0.0.1', method: 'POST', headers, signal }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', part => {
        text += part;
      });
      answer.on('error', reject).on('end', () => {
        if (answer.statusCode === 200) resolve(text === '' ? undefined : JSON.parse(text));
        else reject(new HttpError(step, answer.statusCode));
      });
    });
    call.on('error', reject).end(JSON.stringify(input));
  });
}

/** The saga, over the ports of its participants. */
export function orderSaga(ports) {
  const backoff = { kind: 'exponential', initialMs: 50, maxMs: 1_000 };
  const stepOf = name => ({
    forward: context => post(ports[name], context),
    compensate: async context => void (await post(ports[name], context)),
    timeoutMs: 1_000,
    retry: { attempts: 6, backoff },
    // A server may be away for a while, and what is to be undone is undone in the end.
    compensation: { timeoutMs: 1_000, retry: { attempts: Infinity, maxElapsedMs: Infinity, backoff } },
  });
  return defineSaga('order')
    .step('reserve', stepOf('reserve'))
    .step('charge', stepOf('charge'))
    .step('ship', stepOf('ship'));
}
