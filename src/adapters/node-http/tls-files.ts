import { X509Certificate } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { createSecureContext, type TlsOptions } from 'node:tls';
import { checkKeys, isRecord, refuse } from '../../kernel/options.js';

/** Where key and certificate of a server lie, as PEM; paths are as seen from the folder of the config. */
export interface TlsFilesConfig {
  /** The certificate, with those between it and its authority. */
  readonly certFile: string;
  /** Its private key, without a passphrase. */
  readonly keyFile: string;
  /**
   * The authorities of clients: who has no certificate of theirs gets no connection.
   * @default clients need no certificate
   */
  readonly clientCaFile?: string;
}

/** @throws TypeError that names the option, the rule and the value. */
export function checkTlsFiles(owner: string, path: string, files: TlsFilesConfig): void {
  if (!isRecord(files)) refuse(owner, path, 'an object', files);
  checkKeys(`${owner}: \`${path}\``, files, ['certFile', 'keyFile', 'clientCaFile']);
  for (const name of ['certFile', 'keyFile', 'clientCaFile'] as const) {
    const file = files[name];
    if (name === 'clientCaFile' && file === undefined) continue;
    if (typeof file !== 'string' || file === '') refuse(owner, `${path}.${name}`, 'the path of a file', file);
  }
}

/** Key and certificate that lie in files, and may be others later. */
export class TlsFiles {
  readonly #files: TlsFilesConfig;
  readonly #folder: string;
  #texts: readonly (string | undefined)[] = [];

  /** @param config the path of the file that names them. */
  constructor(files: TlsFilesConfig, config: string) {
    this.#files = files;
    this.#folder = dirname(config);
  }

  /** The file of the certificate. */
  get path(): string {
    return resolve(this.#folder, this.#files.certFile);
  }

  /**
   * What a server takes, if it is not what was read last.
   *
   * @throws Error, as a rejection, when they cannot be read, or do not belong together.
   */
  async read(): Promise<TlsOptions | undefined> {
    const { certFile, keyFile, clientCaFile } = this.#files;
    const texts = await Promise.all([certFile, keyFile, clientCaFile].map(file => this.#textOf(file)));
    if (texts.every((text, at) => text === this.#texts[at])) return undefined;
    const [cert, key, ca] = texts;
    const options: TlsOptions = {
      ...{ cert: cert!, key: key! },
      ...(ca !== undefined && { ca, requestCert: true }),
    };
    try {
      checkHasContent(texts);
      // TLS passes over what it cannot read of an authority, and then lets nobody in.
      if (ca !== undefined) new X509Certificate(ca);
      createSecureContext(options);
    } catch (error) {
      const files = [certFile, keyFile, clientCaFile].filter(file => file !== undefined).join(', ');
      throw new Error(`${files}: no server can be made of them: ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.#texts = texts;
    return options;
  }

  async #textOf(name: string | undefined): Promise<string | undefined> {
    return name === undefined ? undefined : readBounded(resolve(this.#folder, name));
  }
}

/**
 * A file that is being written is empty for a moment. TLS takes that for nothing given: a server without a
 * certificate, or one that asks its clients for none.
 */
function checkHasContent(texts: readonly (string | undefined)[]): void {
  if (texts.includes('')) throw new Error('a file is empty');
}

/** No file that somebody writes for a gateway is larger, in bytes. */
const MOST_BYTES = 8_388_608;

/** All of a file of text, unless it is larger than it may be. */
export async function readBounded(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(65_536);
    const parts: Buffer[] = [];
    for (let size = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
      size += bytesRead;
      if (size > MOST_BYTES) throw new RangeError(`GatewayFile: ${path} has more than ${MOST_BYTES} bytes`);
      parts.push(Buffer.from(buffer.subarray(0, bytesRead)));
    }
  } finally {
    await file.close();
  }
}
