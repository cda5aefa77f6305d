// One proxy in a process of its own: `node proxies.mjs <kind> <port of the upstream>`. Tells its port, and on
// demand what it has taken of the processor.
import { Agent, request as ask, createServer } from 'node:http';

const [kind, upstream] = process.argv.slice(2);
const origin = `http://127.0.0.1:${upstream}`;

const listening = server =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

/** What each answers with when it is asked for its port. */
const proxies = {
  /** The floor: a pooled client behind a server, with fields handed on as they are. */
  bare: () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'lifo' });
    return listening(
      createServer((request, response) => {
        const { method, url: path, headers } = request;
        const asked = ask({ host: '127.0.0.1', port: upstream, method, path, headers, agent }, answer => {
          response.writeHead(answer.statusCode, answer.rawHeaders);
          answer.pipe(response);
        });
        asked.on('error', () => response.destroy());
        request.pipe(asked);
      }),
    );
  },
  'keelson, node:http': async () => {
    const { ApiGateway } = await import('../../dist/gateway.js');
    const gateway = new ApiGateway({ routes: [{ path: '/*', upstream: origin }] });
    return (await gateway.listen({ port: 0, host: '127.0.0.1' })).port;
  },
  'keelson, undici': async () => {
    const { ApiGateway } = await import('../../dist/gateway.js');
    const { UndiciEngine } = await import('../../dist/undici.js');
    const engine = new UndiciEngine({ undici: await import('undici') });
    const gateway = new ApiGateway({ engine, routes: [{ path: '/*', upstream: origin }] });
    return (await gateway.listen({ port: 0, host: '127.0.0.1' })).port;
  },
  'http-proxy-3': async () => {
    const { createProxyServer } = await import('http-proxy-3');
    const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'lifo' });
    const proxy = createProxyServer({ target: origin, agent, xfwd: true });
    proxy.on('error', () => {});
    return listening(createServer((request, response) => proxy.web(request, response)));
  },
  httpxy: async () => {
    const { createProxyServer } = await import('httpxy');
    const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'lifo' });
    const proxy = createProxyServer({ target: origin, agent, xfwd: true });
    return listening(
      createServer((request, response) => {
        proxy.web(request, response).catch(() => response.destroy());
      }),
    );
  },
  'fast-gateway': async () => {
    const { default: fastGateway } = await import('fast-gateway');
    const service = fastGateway({ routes: [{ prefix: '', prefixRewrite: '', target: origin }] });
    const server = await service.start(0, '127.0.0.1');
    return server.address().port;
  },
  /** The floor over undici: nothing of a proxy but to hand on. */
  'bare undici': async () => {
    const { Pool } = await import('undici');
    const pool = new Pool(origin, { connections: 256 });
    return listening(
      createServer((request, response) => {
        const { method, url: path, headers } = request;
        const { connection, ...rest } = headers;
        pool.dispatch(
          { method, path, headers: rest, body: method === 'GET' ? null : request },
          {
            onConnect() {},
            onHeaders(status, raw, resume) {
              const fields = raw.map(part => part.toString('latin1'));
              response.writeHead(status, fields);
              response.on('drain', resume);
              return true;
            },
            onData: chunk => response.write(chunk),
            onComplete: () => response.end(),
            onError: () => response.destroy(),
          },
        );
      }),
    );
  },
  '@fastify/http-proxy': async () => {
    const { default: fastify } = await import('fastify');
    const { default: httpProxy } = await import('@fastify/http-proxy');
    const server = fastify();
    server.register(httpProxy, { upstream: origin });
    await server.listen({ port: 0, host: '127.0.0.1' });
    return server.server.address().port;
  },
  /** What is asked by all of them. */
  upstream: () =>
    listening(
      createServer({ keepAliveTimeout: 60_000 }, (_, response) => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '47' });
        response.end(JSON.stringify({ sku: 'tea', inStock: 12, warehouse: 'north' }).padEnd(47).slice(0, 47));
      }),
    ),
};

process.on('message', () => process.send({ cpu: process.cpuUsage() }));
process.on('disconnect', () => process.exit());
process.send({ port: await proxies[kind]() });
