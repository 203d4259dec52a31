import { createHash } from 'node:crypto';
import { ApiError } from './apiError.ts';
import type { Api } from './client.ts';
import type { Clock } from './clock.ts';
import { resourcePath } from './resources.ts';
import { fits, type Shape } from './shape.ts';

/** What the API server says of the bearer of a token and a path. */
export type Access =
  | { readonly verdict: 'allowed'; readonly user: string }
  | { readonly verdict: 'forbidden'; readonly user: string }
  | { readonly verdict: 'unknown-token' };

/** Everything of a user that an authorizer may look at; it goes from the one review into the other as it came. */
interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

interface TokenReview {
  readonly status?: { readonly authenticated?: boolean; readonly user?: User };
}

interface SubjectAccessReview {
  readonly status?: { readonly allowed?: boolean };
}

const TOKEN_REVIEW: Shape = { status: { authenticated: 'boolean', user: { username: 'string' } } };
const ACCESS_REVIEW: Shape = { status: { allowed: 'boolean' } };

const ALLOWED_FOR_MS = 60_000;
/** Short, so that a right just granted counts soon; long enough that a wrong token costs the API server little. */
const REFUSED_FOR_MS = 10_000;
/** Half of what Prometheus waits for a scrape by default: the answer is to come before it gives up. */
const TIME_LIMIT_MS = 5000;
/** Strangers with made-up tokens are to leave connections for the operator's own calls. */
const AT_ONCE = 4;
const KEPT = 256;

/** Thrown instead of asking when too many questions are under way. */
export class TooManyReviews extends Error {
  override readonly name = 'TooManyReviews';
}

/**
 * Lets the API server say who bears a token (TokenReview) and whether he may `get` a path that is no resource (SubjectAccessReview), as
 * Kubernetes' own components do for their metrics. Answers are kept for a short while under the token's hash; the token itself is not kept.
 */
export class AccessReview {
  readonly #api: Pick<Api, 'request'>;
  readonly #path: string;
  readonly #now: Clock['now'];
  readonly #answers = new Map<string, { readonly access: Access; readonly until: number }>();
  readonly #asking = new Map<string, Promise<Access>>();

  /** @param path for example `/metrics` */
  constructor(api: Pick<Api, 'request'>, path: string, now: Clock['now']) {
    this.#api = api;
    this.#path = path;
    this.#now = now;
  }

  /**
   * @throws {ApiError} when the API server does not answer or does not let us ask; its message never holds the token
   * @throws {TooManyReviews}
   */
  async of(token: string): Promise<Access> {
    const key = createHash('sha256').update(token).digest('base64');
    const kept = this.#answers.get(key);
    if (kept && kept.until > this.#now()) return kept.access;
    const asking = this.#asking.get(key) ?? this.#begin(key, token);
    return asking;
  }

  /** Scrapes that come together with the same token share one question. */
  #begin(key: string, token: string): Promise<Access> {
    if (this.#asking.size >= AT_ONCE) throw new TooManyReviews();
    const asking = this.#ask(token)
      .then((access) => {
        this.#keep(key, access);
        return access;
      })
      .catch((thrown: unknown) => {
        throw withoutToken(thrown, token);
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(token: string): Promise<Access> {
    const { status } = await this.#review<TokenReview>('tokenreviews', 'TokenReview', { token }, TOKEN_REVIEW);
    const user = status?.user;
    if (!status?.authenticated || !user?.username) return { verdict: 'unknown-token' };
    const spec = {
      user: user.username,
      uid: user.uid,
      groups: user.groups,
      extra: user.extra,
      nonResourceAttributes: { path: this.#path, verb: 'get' },
    };
    const answer = await this.#review<SubjectAccessReview>(
      'subjectaccessreviews',
      'SubjectAccessReview',
      spec,
      ACCESS_REVIEW,
    );
    return { verdict: answer.status?.allowed ? 'allowed' : 'forbidden', user: user.username };
  }

  async #review<T>(
    resource: 'tokenreviews' | 'subjectaccessreviews',
    kind: string,
    spec: object,
    shape: Shape,
  ): Promise<T> {
    const path = resourcePath(resource);
    const apiVersion = path.split('/').slice(2, 4).join('/');
    const body = { apiVersion, kind, spec };
    const answer = await this.#api.request<T | undefined>({ method: 'POST', path, body, timeoutMs: TIME_LIMIT_MS });
    if (answer && fits(answer, shape)) return answer;
    const message = `POST ${path}: the answer is no ${kind}`;
    throw new ApiError({ method: 'POST', path, reason: 'Malformed', message });
  }

  /** The oldest answers go first: a map keeps the order in which they came. */
  #keep(key: string, access: Access): void {
    const lasts = access.verdict === 'allowed' ? ALLOWED_FOR_MS : REFUSED_FOR_MS;
    this.#answers.delete(key);
    this.#answers.set(key, { access, until: this.#now() + lasts });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= KEPT) return;
      this.#answers.delete(oldest);
    }
  }
}

/** Shorter ones are nobody's secret, and would be found in any sentence. */
const SECRET_LENGTH = 8;

/** A server or a proxy on the way may quote what it was sent. */
function withoutToken(thrown: unknown, token: string): unknown {
  if (!(thrown instanceof ApiError) || token.length < SECRET_LENGTH || !thrown.message.includes(token)) return thrown;
  const { method, path, reason, status } = thrown;
  const message = thrown.message.replaceAll(token, '(token)');
  return new ApiError({ method, path, reason, message, ...(status !== undefined && { status }) });
}
