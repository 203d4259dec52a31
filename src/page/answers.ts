import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { pageHeaders } from './headers.ts';

const [compress, decompress] = [promisify(gzip), promisify(gunzip)];
/** Shorter texts are sent as they are. */
const SMALL = 1400;
/** A high level takes three times as long for a tenth less. */
const LEVEL = 4;

/** A text that is made once and sent to many. A long one is kept compressed, and nearly all clients take it so. */
export class Answer {
  readonly #type: string;
  readonly #tag: string | undefined;
  readonly #zipped: Promise<Buffer> | undefined;
  #plain: Promise<Buffer> | undefined;

  /** @param tag changes with the text, so that clients that have it are not sent it again */
  constructor(type: string, text: string, tag?: string) {
    this.#type = type;
    this.#tag = tag && `"${tag}"`;
    if (text.length > SMALL) this.#zipped = compress(text, { level: LEVEL });
    else this.#plain = Promise.resolve(Buffer.from(text));
  }

  async send(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tag = this.#tag && { etag: this.#tag };
    const headers = { ...pageHeaders(), 'content-type': this.#type, vary: 'accept-encoding', ...tag };
    if (this.#tag && request.headers['if-none-match'] === this.#tag) {
      response.writeHead(304, headers).end();
      return;
    }
    const zipped = takesGzip(request) ? await this.#zipped : undefined;
    const bytes = zipped ?? (await this.#asText());
    const encoding = zipped && { 'content-encoding': 'gzip' };
    response.writeHead(200, { ...headers, 'content-length': bytes.length, ...encoding });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }

  /** Made once for all who want it, because many may read it slowly. */
  async #asText(): Promise<Buffer> {
    this.#plain ??= Promise.resolve(this.#zipped).then((bytes) => decompress(bytes ?? ''));
    return this.#plain;
  }
}

const takesGzip = ({ headers }: IncomingMessage): boolean =>
  /\bgzip\b(?! *; *q=0(?:[.,\s]|$))/.test(String(headers['accept-encoding'] ?? ''));

/** Says why there is no other answer. */
export function refuse(
  response: ServerResponse,
  status: number,
  words: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...pageHeaders(), 'content-type': TEXT, ...headers }).end(`${words}\n`);
}

export const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';
export const JSON_TYPE = 'application/json';
