import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { bodyOf, StreamCheck } from './answers.mjs';

/** What a gateway may say while an upstream is killed. */
const HONEST = [502, 503, 504];

/** Clients that each ask one request after another on a connection of its own, and look at each answer. */
export class Clients {
  /** Answers that were right, that said honestly that something failed, that broke off, and wrong ones. */
  counts = { right: 0, failed: 0, cut: 0, left: 0, wrong: [] };
  #agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  #port;
  #running = true;

  constructor(port) {
    this.#port = port;
  }

  /** So many connections for so long. */
  async run(connections, ms) {
    this.#running = true;
    const timer = setTimeout(() => this.stop(), ms);
    await Promise.all(Array.from({ length: connections }, () => this.#client()));
    clearTimeout(timer);
  }

  stop() {
    this.#running = false;
  }

  close() {
    this.#agent.destroy();
  }

  async #client() {
    while (this.#running) {
      const nonce = randomBytes(16).toString('hex');
      const sent = Number.parseInt(nonce[5], 16) < 4 ? `${nonce}!`.repeat(200) : '';
      // A few leave before the end.
      const leavesMs = nonce.endsWith('00') ? Number.parseInt(nonce[6], 16) : undefined;
      await this.#ask(nonce, sent, leavesMs);
    }
  }

  #ask(nonce, sent, leavesMs) {
    return new Promise(resolve => {
      const asked = this.#open(`/echo?nonce=${nonce}`, sent === '' ? 'GET' : 'POST');
      let isLeft = false;
      const end = kind => {
        if (isLeft) this.counts.left++;
        else if (kind in this.counts && kind !== 'wrong') this.counts[kind]++;
        else this.counts.wrong.push(kind);
        resolve();
      };
      if (leavesMs !== undefined) {
        setTimeout(() => {
          isLeft = true;
          asked.destroy();
        }, leavesMs);
      }
      asked.on('error', () => end('cut'));
      asked.on('response', answer => {
        let body = '';
        answer.setEncoding('latin1').on('data', text => {
          body += text;
        });
        answer.on('error', () => end('cut'));
        answer.on('end', () => end(this.#judge(answer, body, nonce, sent)));
      });
      asked.end(sent);
    });
  }

  #judge({ statusCode, headers }, body, nonce, sent) {
    if (HONEST.includes(statusCode) && headers['content-type'] === 'application/problem+json')
      return 'failed';
    if (statusCode !== 200) return `status ${statusCode}`;
    if (headers['x-nonce'] !== nonce) return `the answer to ${headers['x-nonce']} for ${nonce}`;
    return body === sent + bodyOf(nonce) ? 'right' : `another body for ${nonce}, of ${body.length} bytes`;
  }

  #open(path, method) {
    const place = { port: this.#port, host: '127.0.0.1', path, method, agent: this.#agent };
    return request(place);
  }

  /** Begins to read so many long answers, and stops. Resolves with what reads them to their ends. */
  async stall(streams, bytes) {
    const answers = await Promise.all(
      Array.from({ length: streams }, async () => {
        const nonce = randomBytes(16).toString('hex');
        const asked = this.#open(`/stream?nonce=${nonce}&bytes=${bytes}`, 'GET').end();
        const answer = await new Promise((resolve, reject) => {
          asked.on('response', resolve).on('error', reject);
        });
        return { nonce, answer };
      }),
    );
    return () => Promise.all(answers.map(one => this.#readAll(one, bytes)));
  }

  #readAll({ nonce, answer }, bytes) {
    const check = new StreamCheck(nonce);
    return new Promise(resolve => {
      answer.on('data', chunk => check.take(chunk));
      answer.on('error', error => {
        this.counts.wrong.push(`a long answer broke off: ${error.message}`);
        resolve();
      });
      answer.on('end', () => {
        if (check.isWhole(bytes)) this.counts.right++;
        else this.counts.wrong.push(`another long answer for ${nonce}`);
        resolve();
      });
    });
  }
}
