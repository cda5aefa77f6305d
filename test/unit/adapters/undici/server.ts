import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { afterEach, beforeEach } from 'vitest';
import { undiciRetryVerdict } from '../../../../src/adapters/undici/undici-answer.js';
import {
  type UndiciInterceptorOptions,
  undiciInterceptor,
} from '../../../../src/adapters/undici/undici-interceptor.js';
import { Retry } from '../../../../src/resilience/retry.js';

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server, what it has seen, and dispatchers that are closed with it. */
export interface Stage {
  origin: string;
  server: Server;
  /** The method, path and body of each request. */
  seen: string[];
  heads: IncomingMessage[];
  answer: Answer;
  agent(options?: Agent.Options): Agent;
  through(options: UndiciInterceptorOptions, agent?: Agent): Dispatcher;
}

/** Sets up a server for each test of a file. */
export function stageOfEach(): Stage {
  const agents: Agent[] = [];
  const stage = {
    agent(options?: Agent.Options) {
      const agent = new Agent(options);
      agents.push(agent);
      return agent;
    },
    through(options: UndiciInterceptorOptions, agent: Agent = stage.agent()) {
      return agent.compose(undiciInterceptor(options));
    },
  } as Stage;

  beforeEach(async () => {
    Object.assign(stage, { seen: [], heads: [], answer: status(200) });
    stage.server = createServer((request, response) => {
      stage.heads.push(request);
      let body = '';
      request.on('data', part => {
        body += part;
      });
      request.on('end', () => {
        stage.seen.push(`${request.method} ${request.url} ${body}`.trim());
        stage.answer(request, response, stage.seen.length);
      });
    }).listen(0, '127.0.0.1');
    await new Promise(resolve => stage.server.once('listening', resolve));
    stage.origin = `http://127.0.0.1:${(stage.server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    await Promise.all(agents.splice(0).map(agent => agent.destroy()));
    stage.server.closeAllConnections();
    await new Promise(resolve => stage.server.close(resolve));
  });
  return stage;
}

/** Answers with a status and nothing else. */
export const status = (code: number, headers: Record<string, string> = {}): Answer => {
  return (_, response) => void response.writeHead(code, headers).end(String(code));
};

/** What asks up to three times. */
export const retry = () =>
  new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 1 }, classify: undiciRetryVerdict });

/** How a request ended, by the code of its error. */
export const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: { code?: string; name?: string }) => error.code ?? error.name,
  );
