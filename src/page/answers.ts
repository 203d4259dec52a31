import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pageHeaders } from './headers.ts';

const compress = promisify(gzip);
/** Shorter texts are sent as they are. */
const SMALL = 1400;
/** A high level takes three times as long for a tenth less. */
const LEVEL = 4;

/** A text that is made once and sent to many. */
export class Answer {
  readonly #type: string;
  readonly #plain: Buffer;
  readonly #tag: string | undefined;
  #zipped: Promise<Buffer> | undefined;

  /** @param tag changes with the text, so that clients that have it are not sent it again */
  constructor(type: string, text: string, tag?: string) {
    this.#type = type;
    this.#plain = Buffer.from(text);
    this.#tag = tag && `"${tag}"`;
  }

  async send(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = {
      ...pageHeaders(),
      'content-type': this.#type,
      vary: 'accept-encoding',
      ...(this.#tag && { etag: this.#tag }),
    };
    if (this.#tag && request.headers['if-none-match'] === this.#tag) {
      response.writeHead(304, headers).end();
      return;
    }
    const isZipped = this.#plain.length > SMALL && takesGzip(request);
    if (isZipped) this.#zipped ??= compress(this.#plain, { level: LEVEL });
    const bytes = (isZipped && (await this.#zipped)) || this.#plain;
    response.writeHead(200, {
      ...headers,
      'content-length': bytes.length,
      ...(isZipped && { 'content-encoding': 'gzip' }),
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
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
