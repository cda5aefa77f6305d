/** What each app does: a shop asks a stock, which is well, fails, is away, is cut off; then a mistake. */
const shop = `
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

export async function listen(handler) {
  const server = createServer(handler);
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return [server, 'http://127.0.0.1:' + server.address().port + '/'];
}

let status = 200;
const [stock, stockUrl] = await listen((request, response) =>
  response.writeHead(status).end(JSON.stringify({ count: 7 })),
);
process.env.STOCK_URL = stockUrl;
const its =
  process.env.TYPE === 'module'
    ? await import('./resilience.js')
    : createRequire(import.meta.url)('./resilience.js');

const tell = async answer => {
  const text = await answer.text();
  let body = text;
  try {
    const { count, error } = JSON.parse(text);
    body = count ?? error ?? text;
  } catch {}
  return [answer.status, answer.headers.get('retry-after'), body];
};

async function play(ask) {
  const told = [await tell(await ask('/count'))];
  status = 500;
  told.push(await tell(await ask('/count')));
  stock.closeAllConnections();
  stock.close();
  told.push(await tell(await ask('/count')));
  its.stock.breaker(new URL(stockUrl).origin).isolate();
  told.push(await tell(await ask('/count')));
  told.push(await tell(await ask('/mistake')));
  console.log(JSON.stringify(told));
}

const count = async () => ({ count: await its.countOf('apple') });
const mistake = async () => {
  throw new Error('a mistake');
};
`;

/** A program for each framework that puts the file \`resilience.js\` beside it to use. */
export const apps = {
  express: `${shop}
import express from 'express';
const app = express();
app.get('/count', async (request, response) => response.json(await count()));
app.get('/mistake', async (request, response) => response.json(await mistake()));
app.use(its.upstreamErrors);
const [server, url] = await listen(app);
await play(path => fetch(new URL(path, url), { headers: { connection: 'close' } }));
server.close();
`,
  fastify: `${shop}
import { fastify } from 'fastify';
const app = fastify({ logger: { level: 'error', stream: process.stderr } });
app.get('/count', count);
app.get('/mistake', mistake);
app.setErrorHandler(its.upstreamErrors);
const url = await app.listen({ port: 0, host: '127.0.0.1' });
await play(path => fetch(new URL(path, url), { headers: { connection: 'close' } }));
await app.close();
`,
  hono: `${shop}
import { Hono } from 'hono';
const app = new Hono();
app.get('/count', async context => context.json(await count()));
app.get('/mistake', async context => context.json(await mistake()));
app.onError(its.upstreamErrors);
await play(path => app.request(path));
`,
  nestjs: `${shop}
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
class Shop {}
for (const [name, action] of Object.entries({ count, mistake })) {
  Shop.prototype[name] = action;
  Get('/' + name)(Shop.prototype, name, Object.getOwnPropertyDescriptor(Shop.prototype, name));
}
Controller()(Shop);
class App {}
Module({ controllers: [Shop] })(App);
const app = await NestFactory.create(App, { logger: false });
app.useLogger({ error: (...words) => console.error(...words), log() {}, warn() {} });
app.useGlobalFilters(new its.UpstreamErrors(app.getHttpAdapter()));
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();
await play(path => fetch(new URL(path, url), { headers: { connection: 'close' } }));
await app.close();
`,
  none: `${shop}
const [server, url] = await listen(async (request, response) => {
  try {
    response.end(JSON.stringify(await (request.url === '/count' ? count : mistake)()));
  } catch (error) {
    if (its.answerFailure(error, response)) return;
    console.error(error);
    response.writeHead(500).end('failed');
  }
});
await play(path => fetch(new URL(path, url), { headers: { connection: 'close' } }));
server.close();
`,
} as const;
