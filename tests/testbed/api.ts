import { Agent, request } from 'undici';
import type { Credentials } from './certificates.ts';

const PAGE = 500;
const TIMEOUT_MS = 30_000;

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** What every object has; what else it has is for the caller to say. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { kind: string; name: string; uid: string; controller?: boolean }[];
}

interface Page<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly continue?: string };
}

/** A refused request, with the server's status code and reason. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** How a client shows who it is, where that is not a certificate of the testbed's authority. */
export interface Connection {
  readonly headers?: Readonly<Record<string, string>>;
  readonly cert?: string;
  readonly key?: string;
}

/** The API server, spoken to in JSON. Paths are those of `pathOf`, or any other. */
export class Api {
  readonly #server: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: Agent;

  constructor(server: string, ca: string, credentials: Credentials | Connection) {
    const { headers = {}, ...own } =
      'certificate' in credentials ? { cert: credentials.certificate, key: credentials.key } : credentials;
    this.#server = server;
    this.#headers = headers;
    this.#agent = new Agent({
      connections: 8,
      connect: { ca, ...own },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
  }

  get<T = ApiObject>(path: string): Promise<T> {
    return this.send('GET', path);
  }

  /** The object, or undefined where there is none. */
  async find<T = ApiObject>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  /** All objects, read page by page. The query may hold `labelSelector` and `fieldSelector`. */
  async list<T = ApiObject>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T[]> {
    const items: T[] = [];
    let next: string | undefined;
    do {
      const search = new URLSearchParams({ ...query, limit: String(PAGE), ...(next && { continue: next }) });
      const page = await this.get<Page<T>>(`${path}?${search}`);
      items.push(...page.items);
      next = page.metadata.continue;
    } while (next);
    return items;
  }

  create<T = ApiObject>(path: string, body: unknown): Promise<T> {
    return this.send('POST', path, body);
  }

  put<T = ApiObject>(path: string, body: unknown): Promise<T> {
    return this.send('PUT', path, body);
  }

  patch<T = ApiObject>(path: string, body: unknown, type: keyof typeof PATCH_TYPES = 'merge'): Promise<T> {
    return this.send('PATCH', path, body, PATCH_TYPES[type]);
  }

  delete<T = ApiObject>(path: string, options: unknown = {}): Promise<T> {
    return this.send('DELETE', path, options);
  }

  /** Any request; an answer other than 2xx is an `ApiError`. */
  async send<T>(method: string, path: string, body?: unknown, type = 'application/json'): Promise<T> {
    const response = await request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { ...this.#headers, accept: 'application/json', 'content-type': type, 'user-agent': 'testbed' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300)
      throw new ApiError(response.statusCode, refusal(method, path, response.statusCode, text));
    return parse(text) as T;
  }

  /** What happens to a collection from a resource version on, one JSON object a line, until the API server or the signal ends it. */
  async *watch(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<string> {
    const search = new URLSearchParams({ watch: 'true', resourceVersion });
    const response = await request(`${this.#server}${path}?${search}`, {
      dispatcher: this.#agent,
      signal,
      bodyTimeout: 0,
      headers: { ...this.#headers, accept: 'application/json', 'user-agent': 'testbed' },
    });
    let rest = '';
    for await (const chunk of response.body.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

function parse(text: string): unknown {
  return text.startsWith('{') ? JSON.parse(text) : text;
}

function refusal(method: string, path: string, code: number, text: string): string {
  const answer = parse(text);
  const message = typeof answer === 'object' && answer && 'message' in answer ? answer.message : text;
  return `${method} ${path}: ${code} ${message}`;
}
