import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, as PEM. */
export interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** An authority of our own, and certificates that it has signed. */
export interface Certificates {
  readonly ca: string;
  /** For 127.0.0.1, localhost and `orders.test`. */
  readonly server: Pair;
  /** For `other.test` alone. */
  readonly other: Pair;
  /** Of a client: `O=shop, CN=ada`. */
  readonly client: Pair;
  /** Of a client that nobody has signed, with the same name. */
  readonly stranger: Pair;
}

/** Makes them with `openssl`, in a folder that is gone when this returns. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-gateway-'));
  const at = (name: string): string => join(folder, name);
  const run = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe', cwd: folder });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const self = (name: string, subject: string): void =>
    run(
      ...['req', '-x509', ...curve, '-days', '2', '-subj', subject, '-keyout', at(`${name}.key`)],
      ...['-out', at(`${name}.pem`)],
    );
  const signed = (name: string, subject: string, names: string): void => {
    writeFileSync(at(`${name}.ext`), `subjectAltName=${names}\n`);
    run('req', ...curve, '-subj', subject, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
    const by = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2'];
    run(
      'x509',
      '-req',
      '-in',
      at(`${name}.csr`),
      ...by,
      '-extfile',
      at(`${name}.ext`),
      '-out',
      at(`${name}.pem`),
    );
  };
  const pair = (name: string): Pair => ({
    key: readFileSync(at(`${name}.key`), 'utf8'),
    cert: readFileSync(at(`${name}.pem`), 'utf8'),
  });
  try {
    self('ca', '/CN=keelson test authority');
    self('stranger', '/O=shop/CN=ada');
    signed('server', '/CN=orders.test', 'DNS:localhost,DNS:orders.test,IP:127.0.0.1');
    signed('other', '/CN=other.test', 'DNS:other.test');
    signed('client', '/O=shop/CN=ada', 'DNS:ada.test');
    const [server, other, client, stranger] = (['server', 'other', 'client', 'stranger'] as const).map(pair);
    return { ca: pair('ca').cert, server: server!, other: other!, client: client!, stranger: stranger! };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
