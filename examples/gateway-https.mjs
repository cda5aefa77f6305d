/** A gateway of a file that speaks TLS and HTTP/2, and gets another certificate. Needs `openssl`. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayFile } from 'keelson/gateway';

const folder = await mkdtemp(join(tmpdir(), 'keelson-https-'));

/** What a renewal does: another key, and a certificate that says whose it is. */
function renew(name) {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'edge.key'];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
  const words = ['req', '-x509', ...key, ...names, '-days', '1', '-out', 'edge.pem'];
  execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
}

renew('first');
const config = {
  listen: { port: 0, host: '127.0.0.1', tls: { certFile: 'edge.pem', keyFile: 'edge.key' }, http2: true },
  routes: [{ path: '/hello', reply: { body: 'hello' } }],
};
const path = join(folder, 'gateway.json');
await writeFile(path, JSON.stringify(config));

const file = await GatewayFile.open(path, { pollMs: 0 });
const { port } = await file.gateway.listen(file.place);

/** One request by HTTP/2 on a connection of its own. */
async function ask() {
  const session = connect(`https://localhost:${port}`, { ca: await readFile(join(folder, 'edge.pem')) });
  const stream = session.request({ ':path': '/hello' });
  const [headers] = await once(stream, 'response');
  const [body] = await once(stream, 'data');
  const socket = /** @type {import('node:tls').TLSSocket} */ (session.socket);
  const { subject } = socket.getPeerCertificate();
  session.close();
  return `${headers[':status']} ${body}, by ${session.alpnProtocol}, from ${subject.CN}`;
}

console.log(await ask());
renew('second');
// By itself it looks once a second; the command also does at SIGHUP.
await file.reload();
console.log(await ask());

await file.close();
await rm(folder, { recursive: true });
