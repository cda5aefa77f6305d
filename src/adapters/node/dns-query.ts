import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../../kernel/clock.js';
import { type DnsAnswer, type DnsQuestion, type DnsType, readAnswer, writeQuestion } from './dns-message.js';

/** A server that answers questions. */
export interface DnsServer {
  readonly host: string;
  readonly port: number;
}

type Ask = (
  server: DnsServer,
  question: DnsQuestion,
) => {
  readonly answer: Promise<DnsAnswer>;
  readonly end: () => void;
};

const overUdp: Ask = ({ host, port }, question) => {
  // A port of its own for each question, that nobody can guess.
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const answer = new Promise<DnsAnswer>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('message', bytes => {
      try {
        const read = readAnswer(bytes, question);
        if (read !== undefined) resolve(read);
      } catch (error) {
        reject(error);
      }
    });
    // Connected, it hears nobody else, and is told when nobody is there. Node says to the callback, and not
    // as an event, that there is no way to go there; to send all the same would throw at nobody.
    socket.connect(port, host, ((error?: Error) => {
      if (error) reject(error);
      else socket.send(question.bytes);
    }) as () => void);
  });
  return { answer, end: () => socket.close() };
};

const overTcp: Ask = ({ host, port }, question) => {
  const socket = connect(port, host);
  const answer = new Promise<DnsAnswer>((resolve, reject) => {
    let heard = Buffer.alloc(0);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('dns: the connection has ended')));
    socket.on('data', part => {
      heard = Buffer.concat([heard, part]);
      const size = heard.length < 2 ? Infinity : heard.readUInt16BE(0);
      if (heard.length < size + 2) return;
      try {
        const read = readAnswer(heard.subarray(2, size + 2), question);
        if (read === undefined) throw new Error('dns: an answer to another question');
        resolve(read);
      } catch (error) {
        reject(error);
      }
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(question.bytes.length, 0);
    socket.write(Buffer.concat([length, question.bytes]));
  });
  return { answer, end: () => void socket.destroy() };
};

async function inTime(ask: Ask, server: DnsServer, question: DnsQuestion, ms: number, clock: Clock) {
  const { answer, end } = ask(server, question);
  let timer: { cancel(): void } | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`dns: no answer of ${server.host} within ${ms} ms`);
    timer = clock.schedule(ms, () => reject(error), true);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    timer?.cancel();
    answer.catch(() => {});
    end();
  }
}

/** Asks the servers one after the other until one answers; over TCP where the answer is too long. */
export async function dnsQuery(
  servers: readonly DnsServer[],
  name: string,
  type: DnsType,
  timeoutMs: number,
  clock: Clock,
): Promise<DnsAnswer> {
  let last: unknown;
  for (const server of servers) {
    try {
      const question = writeQuestion(name, type);
      const answer = await inTime(overUdp, server, question, timeoutMs, clock);
      const whole = answer.truncated ? await inTime(overTcp, server, question, timeoutMs, clock) : answer;
      if (whole.code === 0 || whole.code === 3) return whole;
      last = new Error(`dns: ${server.host} answers ${name} with code ${whole.code}`);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
