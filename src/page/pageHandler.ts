import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { forgetOldest } from '../forgetOldest.ts';
import { pathOf } from '../report/server.ts';
import { Answer, HTML, JSON_TYPE, refuse, TEXT } from './answers.ts';
import { pageHeaders } from './headers.ts';
import { MOST_LISTENERS } from './listeners.ts';
import { pageDocument } from './pageDocument.ts';
import type { PageFeed, Snapshot } from './pageFeed.ts';
import { queryOf } from './query.ts';

export interface PageHandlerOptions {
  readonly feed: Pick<PageFeed, 'snapshot' | 'listen' | 'isFull'>;
  /** How the verdict on a workload came about; undefined if that is not known here. */
  readonly explanation: (key: string) => string | undefined;
  /** Told of each connection that stays open for changes. */
  readonly onListener: (socket: Socket) => void;
  readonly onError: (error: unknown) => void;
}

const PATHS = ['/', '/snapshot.json', '/events', '/explain'];
/** Pages of one snapshot that are kept, because the same ones are asked for again. */
const KEPT = 8;
const NOT_EXPLAINED =
  'This replica does not know the workload. It may be gone, or this replica does not lead: only the leader can explain. ' +
  'The same text comes from: meltemi plan --namespace NAMESPACE --explain KIND/NAME';

/** Answers for the page. Only reads are allowed. */
export class PageHandler {
  readonly #options: PageHandlerOptions;
  /** Of the last snapshot, by what was asked for. */
  readonly #answers = new Map<string, Answer>();
  #version = '';

  constructor(options: PageHandlerOptions) {
    this.#options = options;
  }

  readonly handle: RequestListener = (request, response) => {
    const path = pathOf(request);
    if (!PATHS.includes(path)) return refuse(response, 404, 'the page is at /');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response, 405, 'use GET to read the page', { allow: 'GET, HEAD' });
    this.#answer(path, request, response).catch((error: unknown) => {
      this.#options.onError(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'the page cannot be made; the log says why');
    });
  };

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '';
    if (path === '/events') return this.#listen(request, response);
    if (path === '/explain') {
      const key = new URLSearchParams(url.split('?')[1] ?? '').get('workload') ?? '';
      return new Answer(TEXT, this.#options.explanation(key) ?? NOT_EXPLAINED).send(request, response);
    }
    const snapshot = await this.#options.feed.snapshot();
    await this.#kept(path === '/' ? JSON.stringify(queryOf(url)) : path, snapshot, () =>
      path === '/' ? this.#page(snapshot, url) : wholeOf(snapshot),
    ).send(request, response);
  }

  /** Those who ask for the same get the same bytes, however slowly they read. */
  #kept(key: string, { version }: Snapshot, make: () => Answer): Answer {
    if (version !== this.#version) this.#answers.clear();
    this.#version = version;
    const answer = this.#answers.get(key) ?? make();
    this.#answers.set(key, answer);
    forgetOldest(this.#answers, KEPT);
    return answer;
  }

  #page(snapshot: Snapshot, url: string): Answer {
    const query = queryOf(url);
    const explained = query.explain === '' ? undefined : (this.#options.explanation(query.explain) ?? NOT_EXPLAINED);
    return new Answer(HTML, pageDocument(snapshot, query, explained));
  }

  #listen(request: IncomingMessage, response: ServerResponse): void {
    const { feed, onListener } = this.#options;
    if (feed.isFull) {
      refuse(response, 503, `${MOST_LISTENERS} clients listen already; read /snapshot.json`, { 'retry-after': '30' });
      return;
    }
    response.writeHead(200, { ...pageHeaders(), 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    onListener(request.socket);
    const since = new URLSearchParams((request.url ?? '').split('?')[1] ?? '').get('since') ?? '';
    feed.listen(response, String(request.headers['last-event-id'] ?? since));
  }
}

function wholeOf({ version, view, sections }: Snapshot): Answer {
  const rows = 'rows' in view ? [...view.rows.values()] : [];
  return new Answer(JSON_TYPE, JSON.stringify({ version, sections, rows }), version);
}
