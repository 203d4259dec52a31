import { createHash } from 'node:crypto';
import { fits, type Shape } from '../fieldTypes.ts';
import { forgetOldest } from '../forgetOldest.ts';
import type { Api } from './api.ts';
import { ApiError } from './apiError.ts';
import type { Clock } from './clock.ts';
import type { Priority } from './priority.ts';
import { resourcePath } from './resources.ts';

/** The API server's decision about a token and a path. */
export type Access =
  | { readonly verdict: 'allowed'; readonly user: string }
  | { readonly verdict: 'forbidden'; readonly user: string }
  | { readonly verdict: 'unknown-token' };

/** Everything about a user that an authorizer may read. It is passed unchanged from one review to the other. */
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

const RESOURCES = { TokenReview: 'tokenreviews', SubjectAccessReview: 'subjectaccessreviews' } as const;

const ALLOWED_FOR_MS = 60_000;
/** Short, so that a newly granted right takes effect soon; long enough that a wrong token costs the API server little. */
const REFUSED_FOR_MS = 10_000;
/** Half of Prometheus' default scrape timeout, so that the answer arrives before Prometheus gives up. */
const TIME_LIMIT_MS = 5000;
/** Strangers with made-up tokens must leave connections for the operator's own calls and for known readers. */
const AT_ONCE = 4;
/** How many answers of each kind are kept. Made-up tokens can fill only the second kind. */
const KEPT = { allowed: 64, refused: 256 } as const;
/** The number of reader addresses to remember. */
const ADDRESSES = 64;

/**
 * Who sends a request. `known`: the token was allowed before. `near`: the token is new, but comes from the address of a known reader, as
 * when Prometheus renews its ServiceAccount token. `stranger`: everyone else. Each group has its own limit.
 */
type Standing = 'known' | 'near' | 'stranger';

/** Thrown when too many reviews are in progress. */
export class TooManyReviews extends Error {
  override readonly name = 'TooManyReviews';
}

/**
 * Asks the API server who owns a token (TokenReview) and whether that user may `get` a non-resource path (SubjectAccessReview), as
 * Kubernetes' own components do for their metrics. Answers are kept for a short time under the token's hash; the token itself is not kept.
 * A reader who was allowed before is known. Strangers share neither answers nor limits with known readers, so they cannot block the
 * monitoring.
 */
export class AccessReview {
  readonly #api: Pick<Api, 'request'>;
  readonly #path: string;
  readonly #now: Clock['now'];
  /** Expired answers stay here, so that their readers are still known at the next request. */
  readonly #allowed = new Map<string, Answer>();
  readonly #refused = new Map<string, Answer>();
  /** Addresses of allowed readers, the latest last. */
  readonly #addresses = new Set<string>();
  readonly #asking = new Map<string, { readonly standing: Standing; readonly answer: Promise<Access> }>();

  /** @param path for example `/metrics` */
  constructor(api: Pick<Api, 'request'>, path: string, now: Clock['now']) {
    this.#api = api;
    this.#path = path;
    this.#now = now;
  }

  /**
   * @param from the address that sent the token, if known
   * @throws {ApiError} when the API server does not answer or does not let us ask; its message never holds the token
   * @throws {TooManyReviews}
   */
  async of(token: string, from = ''): Promise<Access> {
    const key = createHash('sha256').update(token).digest('base64');
    const kept = this.#allowed.get(key) ?? this.#refused.get(key);
    if (kept && kept.until > this.#now()) return kept.access;
    return this.#asking.get(key)?.answer ?? this.#begin(key, token, from);
  }

  /** Concurrent scrapes with the same token share one review. */
  #begin(key: string, token: string, from: string): Promise<Access> {
    const standing = this.#standingOf(key, from);
    const alike = [...this.#asking.values()].filter((one) => one.standing === standing);
    if (alike.length >= AT_ONCE) throw new TooManyReviews();
    const answer = this.#ask(token, standing === 'stranger' ? 'scan' : 'follow')
      .then((access) => {
        this.#keep(key, access);
        if (access.verdict === 'allowed') this.#rememberAddress(from);
        return access;
      })
      .catch((thrown: unknown) => {
        throw withoutToken(thrown, token);
      })
      .finally(() => this.#asking.delete(key));
    this.#asking.set(key, { standing, answer });
    return answer;
  }

  #standingOf(key: string, from: string): Standing {
    if (this.#allowed.has(key)) return 'known';
    return this.#addresses.has(from) ? 'near' : 'stranger';
  }

  #rememberAddress(from: string): void {
    if (from === '') return;
    this.#addresses.delete(from);
    this.#addresses.add(from);
    forgetOldest(this.#addresses, ADDRESSES);
  }

  async #ask(token: string, priority: Priority): Promise<Access> {
    const { status } = await this.#review<TokenReview>('TokenReview', { token }, TOKEN_REVIEW, priority);
    const user = status?.user;
    if (!status?.authenticated || !user?.username) return { verdict: 'unknown-token' };
    const spec = {
      user: user.username,
      uid: user.uid,
      groups: user.groups,
      extra: user.extra,
      nonResourceAttributes: { path: this.#path, verb: 'get' },
    };
    const answer = await this.#review<SubjectAccessReview>('SubjectAccessReview', spec, ACCESS_REVIEW, priority);
    return { verdict: answer.status?.allowed ? 'allowed' : 'forbidden', user: user.username };
  }

  async #review<T>(kind: keyof typeof RESOURCES, spec: object, shape: Shape, priority: Priority): Promise<T> {
    const path = resourcePath(RESOURCES[kind]);
    const apiVersion = path.split('/').slice(2, 4).join('/');
    const body = { apiVersion, kind, spec };
    const call = { method: 'POST', path, body, timeoutMs: TIME_LIMIT_MS, priority } as const;
    const answer = await this.#api.request<T | undefined>(call);
    if (answer && fits(answer, shape)) return answer;
    const message = `POST ${path}: the answer is not a ${kind}`;
    throw new ApiError({ method: 'POST', path, reason: 'Malformed', message });
  }

  /** A reader who is refused is no longer known. */
  #keep(key: string, access: Access): void {
    const allowed = access.verdict === 'allowed';
    const until = this.#now() + (allowed ? ALLOWED_FOR_MS : REFUSED_FOR_MS);
    this.#allowed.delete(key);
    this.#refused.delete(key);
    const answers = allowed ? this.#allowed : this.#refused;
    answers.set(key, { access, until });
    forgetOldest(answers, allowed ? KEPT.allowed : KEPT.refused);
  }
}

interface Answer {
  readonly access: Access;
  readonly until: number;
}

/** Shorter tokens are not secret, and could occur in any sentence. */
const SECRET_LENGTH = 8;

/** A server, or a proxy in between, may quote the request in its answer. */
function withoutToken(thrown: unknown, token: string): unknown {
  if (!(thrown instanceof ApiError) || token.length < SECRET_LENGTH || !thrown.message.includes(token)) return thrown;
  const { method, path, reason, status } = thrown;
  const message = thrown.message.replaceAll(token, '(token)');
  return new ApiError({ method, path, reason, message, ...(status !== undefined && { status }) });
}
