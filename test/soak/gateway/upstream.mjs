// An instance of a service: `node upstream.mjs <port>`. What it answers follows from the nonce that it is
// asked with, so that whoever gets the answer of somebody else can tell.
import { createServer } from 'node:http';
import { bodyOf, streamOf } from './answers.mjs';

const [port] = process.argv.slice(2);

const server = createServer({ keepAliveTimeout: 2_000 }, (request, response) => {
  const url = new URL(request.url, 'http://upstream');
  const nonce = url.searchParams.get('nonce');
  response.setHeader('x-nonce', nonce);
  if (url.pathname === '/stream') {
    streamOf(nonce, Number(url.searchParams.get('bytes'))).pipe(response);
    return;
  }
  let heard = '';
  request.setEncoding('latin1').on('data', text => {
    heard += text;
  });
  request.on('end', () => {
    const body = heard + bodyOf(nonce);
    // Some at once, some late; some of a known length, some in chunks.
    const answer = () => {
      if (nonce.charCodeAt(0) % 2 === 0) response.end(body, 'latin1');
      else {
        response.write(body.slice(0, body.length / 2), 'latin1');
        setImmediate(() => response.end(body.slice(body.length / 2), 'latin1'));
      }
    };
    setTimeout(answer, nonce.charCodeAt(1) % 8);
  });
});
process.on('disconnect', () => process.exit());
server.listen(Number(port), '127.0.0.1', () => process.send('listening'));
