import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type AccessReview, TooManyReviews } from '../cluster/accessReview.ts';
import { ApiError, isForbidden } from '../cluster/apiError.ts';
import { type Guarded, pathOf } from './server.ts';

/** Hears how asking the API server goes; never of a token. */
export interface GuardListener {
  readonly checked: () => void;
  readonly uncheckable: (error: Error) => void;
}

const TRY_AGAIN = { 'retry-after': '5' };
const CHALLENGE = { 'www-authenticate': 'Bearer realm="meltemi"' };

/**
 * Lets a request through to the handler if the API server vouches for its bearer token and gives its user the right. 401 without a token
 * or with one that the API server does not know, 403 for a user without the right, 503 while it cannot be asked. Every refusal says what
 * would help.
 */
export function guarded(
  { right, guards, handler }: Guarded,
  review: Pick<AccessReview, 'of'>,
  listener: GuardListener,
): RequestListener {
  return (request, response) => {
    if (!guards(pathOf(request))) {
      handler(request, response);
      return;
    }
    const token = bearerOf(request);
    if (token === undefined) {
      refuse(response, 401, `send "Authorization: Bearer <token>" with the token of a ServiceAccount`, CHALLENGE);
      return;
    }
    review
      .of(token, request.socket.remoteAddress)
      .then((access) => {
        listener.checked();
        if (access.verdict === 'allowed') handler(request, response);
        else if (access.verdict === 'unknown-token')
          refuse(response, 401, 'the API server does not accept this token; it may have expired', CHALLENGE);
        else refuse(response, 403, missingRight(access.user, right));
      })
      .catch((thrown: unknown) => {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        if (!(error instanceof TooManyReviews)) listener.uncheckable(inWords(error));
        if (response.headersSent) response.destroy();
        else refuse(response, 503, 'the token cannot be checked at the moment', TRY_AGAIN);
      });
  };
}

/** RFC 6750: the scheme is written in any case, the token has no blanks. */
function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^bearer +([\w.~+/-]+=*) *$/i.exec(headers.authorization ?? '')?.[1];
}

const missingRight = (user: string, path: string): string =>
  `user ${JSON.stringify(user)} is not allowed to get ${path}; grant a ClusterRole with nonResourceURLs: ["${path}"], verbs: ["get"]`;

function inWords(error: Error): Error {
  if (!(error instanceof ApiError) || !isForbidden(error)) return error;
  const resource = error.path.split('/').at(-1);
  const group = error.path.split('/')[2];
  return new Error(`missing right: create ${resource}.${group} (${error.message})`);
}

function refuse(response: ServerResponse, status: number, why: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(`${why}\n`);
}
