import { constants } from 'node:http2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { found, Http2Edge } from './http2-edge.js';
import { pseudo, RawHttp2, TYPE } from './raw-http2.js';
import { eventually, gatewayTo } from './wire.js';

let edge: Http2Edge;
beforeAll(async () => {
  edge = await Http2Edge.start();
});
afterEach(() => edge.reset());
afterAll(() => edge[Symbol.asyncDispose]());

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n';

describe('an answer by HTTP/2', () => {
  it('has its early hints before it, its trailers behind it, and nothing of the hop', async () => {
    edge.say(
      'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n' +
        `${chunked}Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n` +
        'Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n' +
        'Trailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nHost: x\r\n\r\n',
    );
    const answer = await edge.ask({});
    expect(answer.informed).toMatchObject([{ ':status': 103, link: '</a.css>; rel=preload' }]);
    expect(answer.headers).toMatchObject({ ':status': 200, 'set-cookie': ['a=1', 'b=2'] });
    for (const gone of ['x-hop', 'keep-alive', 'connection', 'transfer-encoding']) {
      expect(answer.headers).not.toHaveProperty(gone);
    }
    expect(answer.body).toBe('ok');
    expect(Object.entries(answer.trailers)).toEqual([['x-sum', '1']]);
  });

  it.each(['204 No Content', '304 Not Modified'])('of %s has no body', async status => {
    edge.say(`HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`);
    expect(await edge.ask({})).toMatchObject({ body: '', code: 0, headers: { etag: '"x"' } });
  });

  it('to HEAD has the length, and no body', async () => {
    edge.say('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    expect(await edge.ask({ ':method': 'HEAD' })).toMatchObject({
      body: '',
      code: 0,
      headers: { 'content-length': '5' },
    });
    expect(await edge.ask({ ':method': 'HEAD', ':path': '/own' })).toMatchObject({ body: '', code: 0 });
    await eventually(() => edge.log.length === 2, 'two lines of the log');
    expect(edge.log).toMatchObject([{ outcome: 'answered' }, { outcome: 'answered' }]);
  });

  it('that breaks off has no clean end, and costs no other one on its connection', async () => {
    edge.upstream.script = (heard, socket) => {
      if (heard.includes('/cut'))
        socket.write(`${chunked}\r\n2\r\nok\r\n`, () => setTimeout(() => socket.destroy(), 20));
      else setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood'), 100);
    };
    const [cut, other] = await Promise.all([edge.ask({ ':path': '/cut' }), edge.ask({ ':path': '/other' })]);
    expect(cut.code).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect(other).toMatchObject({ body: 'good', code: 0 });
    await eventually(() => edge.log.length === 2, 'two lines of the log');
    expect(edge.log.map(({ outcome }) => outcome).sort()).toEqual(['answered', 'cut']);
  });

  it('that a slow client does not read stays with the upstream', async () => {
    const block = Buffer.alloc(1_048_576, 'a');
    let sent = 0;
    edge.upstream.script = (_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${32 * block.length}\r\n\r\n`);
      for (let at = 0; at < 32; at++) socket.write(block, () => sent++);
    };
    const stream = edge.session.request({ ':path': '/a' });
    stream.on('error', () => {});
    stream.pause();
    await new Promise(resolve => stream.once('response', resolve));
    await new Promise(resolve => setTimeout(resolve, 500));
    expect(sent).toBeLessThan(24);
    stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => edge.upstream.closed === 1, 'the end of the connection to the upstream');
  });

  it('before the body has come lets go of it', async () => {
    edge.upstream.script = (_, socket) => socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    const stream = edge.session.request({ ':path': '/a', ':method': 'POST' });
    stream.write('abc');
    expect(await found(stream)).toMatchObject({ body: 'no', code: 0, headers: { ':status': 403 } });
  });
});

describe('a client of HTTP/2 that leaves', () => {
  it.each([
    ['with CANCEL', constants.NGHTTP2_CANCEL],
    ['with NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['with INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
  ])('%s amid its body: the upstream is aborted and never gets a whole one', async (_, code) => {
    const raw = new RawHttp2(edge.port, edge.certificates.ca);
    const stream = raw.ask(pseudo('/a', 'POST'), false);
    raw.send(TYPE.data, 0, stream, Buffer.from('abc'));
    await eventually(() => edge.upstream.all.includes('abc'), 'the body');
    raw.reset(stream, code);
    await eventually(() => edge.upstream.closed === 1, 'the end of the connection to the upstream');
    expect(edge.upstream.all).not.toMatch(/\r\n0\r\n/);
    raw.close();
  });

  it('before the head of the answer: the upstream is aborted', async () => {
    edge.upstream.script = () => {};
    const stream = edge.session.request({ ':path': '/a' });
    stream.on('error', () => {});
    await eventually(() => edge.upstream.all.includes('\r\n\r\n'), 'the request');
    stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => edge.upstream.closed === 1, 'the end of the connection to the upstream');
    await eventually(() => edge.log.length === 1, 'a line of the log');
    expect(edge.log[0]).toMatchObject({ outcome: 'gone', status: 499, ip: '127.0.0.1' });
    expect(edge.gateway.snapshot().inFlight).toBe(0);
  });

  it('amid the answer, or with its whole connection: the upstream is aborted', async () => {
    edge.say(`${chunked}\r\n2\r\nok\r\n`);
    const own = edge.dial();
    const stream = own.request({ ':path': '/a' });
    stream.on('error', () => {});
    await new Promise(resolve => stream.once('data', resolve));
    own.destroy();
    await eventually(() => edge.upstream.closed === 1, 'the end of the connection to the upstream');
  });
});

describe('a connection of HTTP/2', () => {
  it('carries no more requests at a time than its limit', async () => {
    await eventually(() => edge.session.remoteSettings.maxConcurrentStreams === 5, 'the settings');
    let most = 0;
    edge.upstream.script = (_, socket) => {
      most = Math.max(most, edge.gateway.snapshot().inFlight);
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 30);
    };
    const all = await Promise.all(Array.from({ length: 12 }, () => edge.ask({})));
    expect(all.every(({ body }) => body === 'ok')).toBe(true);
    expect(most).toBe(5);
  });

  it('ends after so many requests as the limit says, and without any after a while', async () => {
    const { gateway: brief, port: to } = await gatewayTo(edge.upstream, {
      ...{ tls: edge.certificates.server, http2: true },
      limits: { maxRequestsPerConnection: 2, keepAliveTimeoutMs: 200 },
    });
    const counted = edge.dial(to);
    const goaway = new Promise(resolve => counted.once('goaway', resolve));
    expect((await edge.ask({}, undefined, counted)).body).toBe('ok');
    expect((await edge.ask({}, undefined, counted)).body).toBe('ok');
    await goaway;
    const idle = edge.dial(to);
    expect((await edge.ask({}, undefined, idle)).body).toBe('ok');
    await new Promise(resolve => idle.once('close', resolve));
    await brief.close({ graceMs: 0 });
  });

  it('is told when the gateway closes, and what is under way ends', async () => {
    const { gateway: closing, port: to } = await gatewayTo(edge.upstream, {
      tls: edge.certificates.server,
      http2: true,
    });
    let finish = (): void => {};
    edge.upstream.script = (_, socket) => {
      socket.write(`${chunked}\r\n1\r\na\r\n`);
      finish = () => socket.write('1\r\nb\r\n0\r\n\r\n');
    };
    const own = edge.dial(to);
    const goaway = new Promise<number>(resolve => own.once('goaway', resolve));
    const asked = edge.ask({}, undefined, own);
    await eventually(() => edge.upstream.all.includes('\r\n\r\n'), 'the request');
    const closed = closing.close({ graceMs: 30_000 });
    expect(await goaway).toBe(constants.NGHTTP2_NO_ERROR);
    finish();
    expect(await asked).toMatchObject({ body: 'ab', code: 0 });
    await closed;
  });

  it('whose requests are reset as fast as they are sent is ended', async () => {
    edge.upstream.script = () => {};
    const raw = new RawHttp2(edge.port, edge.certificates.ca);
    await eventually(() => raw.frames.length > 0, 'the settings');
    raw.corked(() => {
      for (let at = 0; at < 1_000; at++) raw.reset(raw.ask(pseudo()), constants.NGHTTP2_CANCEL);
    });
    await eventually(() => raw.ended, 'the end of the connection');
    expect(edge.log.length).toBeLessThan(900);
    await eventually(() => edge.gateway.snapshot().inFlight === 0, 'the end of all');
    expect((await edge.ask({ ':path': '/own' })).body).toBe('mine');
  });
});
