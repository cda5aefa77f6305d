import type { Dialect } from './dialect.js';
import type { Framework } from './service-facts.js';

/** What answers for errors in one framework. */
export interface Edge {
  readonly name: string;
  readonly imports: string;
  readonly text: string;
  /** How it is put to use. */
  readonly use: string;
}

const words = `{ error: 'a service that is needed does not answer' }`;

const express = ({ type, exported, importsTypes }: Dialect): Edge => ({
  name: 'upstreamErrors',
  imports: importsTypes(['NextFunction', 'Request', 'Response'], 'express'),
  use: 'app.use(upstreamErrors); // after the routes',
  text: `
// For Express, after the routes: app.use(upstreamErrors)
${exported}function upstreamErrors(
  error${type(': unknown')},
  _request${type(': Request')},
  response${type(': Response')},
  next${type(': NextFunction')},
)${type(': void')} {
  const answer = statusOf(error);
  if (answer === undefined || response.headersSent) return next(error);
  response.status(answer.status).set('retry-after', String(answer.retryAfterS)).json(${words});
}
`,
});

const fastify = ({ type, exported, importsTypes }: Dialect): Edge => ({
  name: 'upstreamErrors',
  imports: importsTypes(['FastifyReply', 'FastifyRequest'], 'fastify'),
  use: 'app.setErrorHandler(upstreamErrors);',
  text: `
// For Fastify: app.setErrorHandler(upstreamErrors)
${exported}function upstreamErrors(
  error${type(': unknown')},
  _request${type(': FastifyRequest')},
  reply${type(': FastifyReply')},
)${type(': FastifyReply')} {
  const answer = statusOf(error);
  if (answer === undefined) return reply.send(error);
  return reply.status(answer.status).header('retry-after', String(answer.retryAfterS)).send(${words});
}
`,
});

const hono = ({ type, exported, imports, importsTypes }: Dialect): Edge => ({
  name: 'upstreamErrors',
  imports: `${importsTypes(['Context'], 'hono')}${imports(['HTTPException'], 'hono/http-exception')}`,
  use: 'app.onError(upstreamErrors);',
  text: `
// For Hono: app.onError(upstreamErrors)
${exported}function upstreamErrors(error${type(': Error')}, context${type(': Context')}) {
  const answer = statusOf(error);
  if (answer !== undefined) {
    const headers = { 'retry-after': String(answer.retryAfterS) };
    return context.json(${words}, answer.status, headers);
  }
  if (error instanceof HTTPException) return error.getResponse();
  console.error(error);
  return context.text('Internal Server Error', 500);
}
`,
});

const nestjs = ({ type, exported, imports, importsTypes }: Dialect): Edge => ({
  name: 'UpstreamErrors',
  imports:
    importsTypes(['ArgumentsHost'], '@nestjs/common') +
    imports(['HttpException'], '@nestjs/common') +
    imports(['BaseExceptionFilter'], '@nestjs/core'),
  use: 'app.useGlobalFilters(new UpstreamErrors(app.getHttpAdapter()));',
  text: `
// For Nest: app.useGlobalFilters(new UpstreamErrors(app.getHttpAdapter()))
${exported}class UpstreamErrors extends BaseExceptionFilter {
  ${type('override ')}catch(error${type(': unknown')}, host${type(': ArgumentsHost')})${type(': void')} {
    const answer = statusOf(error);
    if (answer === undefined) return super.catch(error, host);
    host.switchToHttp().getResponse().setHeader('retry-after', String(answer.retryAfterS));
    super.catch(new HttpException(${words}, answer.status), host);
  }
}
`,
});

const none = ({ type, exported, importsTypes }: Dialect): Edge => ({
  name: 'answerFailure',
  imports: importsTypes(['ServerResponse'], 'node:http'),
  use: 'catch (error) { if (!answerFailure(error, response)) throw error; }',
  text: `
// For a handler of node:http: catch (error) { if (!answerFailure(error, response)) throw error; }
${exported}function answerFailure(error${type(': unknown')}, response${type(': ServerResponse')}) {
  const answer = statusOf(error);
  if (answer === undefined || response.headersSent) return false;
  const headers = { 'content-type': 'application/json', 'retry-after': String(answer.retryAfterS) };
  response.writeHead(answer.status, headers).end(JSON.stringify(${words}));
  return true;
}
`,
});

/** The part of a starting file that is of one framework. */
export function edgeOf(framework: Framework, dialect: Dialect): Edge {
  return { express, fastify, hono, nestjs, none }[framework](dialect);
}
