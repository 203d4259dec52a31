import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { messageOf } from '../messageOf.ts';

/** A certificate chain and its private key, both in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The location of a key pair: the folder of a mounted Secret, and the file names in it. */
export interface KeyPairFiles {
  readonly folder: string;
  readonly cert: string;
  readonly key: string;
}

/** Callbacks for the results of reading the files. The same problem is reported once. */
export interface CertificateListener {
  readonly changed: (pair: KeyPair) => void;
  /** The files cannot be used; the server keeps the certificate it has. */
  readonly unusable: (error: Error) => void;
}

/**
 * Reads a key pair and checks that it can be served.
 * @throws {Error} naming the file that cannot be read, or both files if they do not match
 */
export async function readKeyPair({ folder, cert, key }: KeyPairFiles): Promise<KeyPair> {
  const [certFile, keyFile] = [join(folder, cert), join(folder, key)];
  const pair = { cert: await contentOf(certFile), key: await contentOf(keyFile) };
  const problem = problemOf(pair);
  if (problem) throw new Error(`${certFile} and ${keyFile} are not a certificate and its private key: ${problem}`);
  return pair;
}

/** A secure context checks the whole chain, but treats an empty key as a missing one. */
function problemOf({ cert, key }: KeyPair): string | undefined {
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      return 'the key does not match the certificate';
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : String(error);
    throw new Error(`cannot read ${file} (${code}): is the Secret mounted there, and does it have that key?`);
  }
}

/**
 * Keeps up with the files. They are read, not watched: a mounted Secret changes by a swapped symlink, and two small reads tell every kind
 * of change on every file system. A pair seen between the writing of its two files does not fit together, and is taken at the next look.
 */
export class CertificateFiles {
  readonly #files: KeyPairFiles;
  readonly #listener: CertificateListener;
  #served: KeyPair;
  #trouble = '';

  constructor(files: KeyPairFiles, served: KeyPair, listener: CertificateListener) {
    this.#files = files;
    this.#served = served;
    this.#listener = listener;
  }

  /** Reads the files once. */
  async look(): Promise<void> {
    try {
      const pair = await readKeyPair(this.#files);
      this.#trouble = '';
      if (pair.cert === this.#served.cert && pair.key === this.#served.key) return;
      this.#served = pair;
      this.#listener.changed(pair);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      if (error.message === this.#trouble) return;
      this.#trouble = error.message;
      this.#listener.unusable(error);
    }
  }
}
