import assert from 'node:assert/strict';
import { AccessReview, TooManyReviews } from '../../../src/cluster/accessReview.ts';
import type { ApiRequest } from '../../../src/cluster/api.ts';
import { ApiError } from '../../../src/cluster/apiError.ts';
import { FakeClock } from './fakeClock.ts';

const USER = {
  username: 'system:serviceaccount:monitoring:prometheus',
  uid: '1-2-3',
  groups: ['system:serviceaccounts', 'system:authenticated'],
  extra: { 'authentication.kubernetes.io/pod-name': ['prometheus-0'] },
};
const known = { status: { authenticated: true, user: USER } };
const unknown = { status: { error: 'invalid bearer token' } };
const allowed = { status: { allowed: true } };
const denied = { status: { allowed: false, reason: 'no role' } };

interface Question {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** An API that reviews as it is told, and remembers what it was asked. */
class Reviews {
  readonly asked: ApiRequest[] = [];
  token: unknown = known;
  access: unknown = allowed;
  readonly clock = new FakeClock();
  readonly review = new AccessReview(this, '/metrics', () => this.clock.now());

  async request<T>(request: ApiRequest): Promise<T> {
    this.asked.push(request);
    const answer = await (request.path.endsWith('/tokenreviews') ? this.token : this.access);
    if (answer instanceof Error) throw answer;
    return answer as T;
  }

  get paths(): string[] {
    return this.asked.map(({ method, path }) => `${method} ${path}`);
  }
}

const TOKEN_REVIEW = 'POST /apis/authentication.k8s.io/v1/tokenreviews';
const ACCESS_REVIEW = 'POST /apis/authorization.k8s.io/v1/subjectaccessreviews';

const verdicts: [string, unknown, unknown, string, string[]][] = [
  ['a known user with the right is allowed', known, allowed, 'allowed', [TOKEN_REVIEW, ACCESS_REVIEW]],
  ['a known user without it is forbidden', known, denied, 'forbidden', [TOKEN_REVIEW, ACCESS_REVIEW]],
  ['an answer without a word on access forbids', known, {}, 'forbidden', [TOKEN_REVIEW, ACCESS_REVIEW]],
  ['an unknown token is not asked about further', unknown, allowed, 'unknown-token', [TOKEN_REVIEW]],
  [
    'a name without authentication is no user',
    { status: { authenticated: false, user: USER } },
    allowed,
    'unknown-token',
    [TOKEN_REVIEW],
  ],
  [
    'authentication without a name is no user',
    { status: { authenticated: true, user: {} } },
    allowed,
    'unknown-token',
    [TOKEN_REVIEW],
  ],
];

for (const [name, token, access, verdict, paths] of verdicts) {
  test(name, async () => {
    const reviews = Object.assign(new Reviews(), { token, access });
    assert.equal((await reviews.review.of('t')).verdict, verdict);
    assert.deepEqual(reviews.paths, paths);
  });
}

test('what the token says of its user goes into the question about the path', async () => {
  const reviews = new Reviews();
  await reviews.review.of('t');
  const [token, access] = reviews.asked.map(({ body }) => (body as Question).spec);
  assert.deepEqual(token, { token: 't' });
  const { username, ...rest } = USER;
  assert.deepEqual(access, {
    user: username,
    ...rest,
    nonResourceAttributes: { path: '/metrics', verb: 'get' },
  });
});

const lifetimes: [string, Partial<Reviews>, number][] = [
  ['an allowed token is asked about once a minute', {}, 60_000],
  ['a forbidden user is asked about again after ten seconds', { access: denied }, 10_000],
  ['an unknown token is asked about again after ten seconds', { token: unknown }, 10_000],
];

for (const [name, answers, lasts] of lifetimes) {
  test(name, async () => {
    const reviews = Object.assign(new Reviews(), answers);
    const questions = async (): Promise<number> => {
      await reviews.review.of('t');
      return reviews.paths.filter((path) => path === TOKEN_REVIEW).length;
    };
    assert.equal(await questions(), 1);
    reviews.clock.advance(lasts - 1);
    assert.equal(await questions(), 1);
    reviews.clock.advance(1);
    assert.equal(await questions(), 2);
  });
}

test('an answer is for its token alone', async () => {
  const reviews = new Reviews();
  assert.equal((await reviews.review.of('good')).verdict, 'allowed');
  reviews.token = unknown;
  assert.equal((await reviews.review.of('Good')).verdict, 'unknown-token');
});

test('scrapes that come together with one token share a question', async () => {
  const reviews = new Reviews();
  await Promise.all([reviews.review.of('t'), reviews.review.of('t'), reviews.review.of('t')]);
  assert.equal(reviews.asked.length, 2);
});

test('a failure is not kept', async () => {
  const reviews = new Reviews();
  reviews.token = new ApiError({ method: 'POST', path: '/', reason: 'Network', message: 'gone' });
  await assert.rejects(reviews.review.of('t'), /gone/);
  reviews.token = known;
  assert.equal((await reviews.review.of('t')).verdict, 'allowed');
});

test('an error that quotes the token loses it', async () => {
  const reviews = new Reviews();
  const message = 'POST /x: 500: cannot read "s3cret-token"';
  reviews.token = new ApiError({ method: 'POST', path: '/x', reason: 'HTTP', message, status: 500, cause: message });
  await assert.rejects(reviews.review.of('s3cret-token'), (error: ApiError) => {
    assert.equal(error.message, 'POST /x: 500: cannot read "(token)"');
    assert.equal(error.status, 500);
    assert.equal(error.cause, undefined);
    return true;
  });
});

const malformed: [string, unknown][] = [
  ['nothing', undefined],
  ['a list', []],
  ['a status that is text', { status: 'ok' }],
  ['a user that is text', { status: { authenticated: true, user: 'root' } }],
  ['authenticated that is text', { status: { authenticated: 'false', user: USER } }],
];
for (const [name, token] of malformed) {
  test(`${name} instead of a review is an error, not a user`, async () => {
    const reviews = Object.assign(new Reviews(), { token });
    await assert.rejects(reviews.review.of('t'), /the answer is not a TokenReview/);
  });
}

test('strangers with made-up tokens hold four connections at the most', async () => {
  const reviews = new Reviews();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  reviews.token = promise;
  const waiting = Array.from({ length: 4 }, (_, index) => reviews.review.of(`made-up-${index}`));
  await assert.rejects(reviews.review.of('made-up-4'), TooManyReviews);
  resolve(unknown);
  await Promise.all(waiting);
  assert.equal((await reviews.review.of('made-up-4')).verdict, 'unknown-token');
});

test('made-up tokens do not fill the memory: the oldest answers are forgotten', async () => {
  const reviews = new Reviews();
  reviews.token = unknown;
  for (let index = 0; index < 257; index++) await reviews.review.of(`made-up-${index}`);
  await reviews.review.of('made-up-256');
  assert.equal(reviews.asked.length, 257);
  await reviews.review.of('made-up-0');
  assert.equal(reviews.asked.length, 258);
});

/** Reviews with one reader who was allowed, among strangers whose tokens nobody knows. */
class Crowd extends Reviews {
  /** What a stranger's question waits for. */
  hold: Promise<unknown> = Promise.resolve();

  override async request<T>(request: ApiRequest): Promise<T> {
    const { token = '' } = (request.body as Question).spec;
    const isStranger = String(token).startsWith('made-up');
    this.token = isStranger ? this.hold.then(() => unknown) : known;
    return super.request<T>(request);
  }

  async strangers(count: number, name = 'made-up'): Promise<void> {
    for (let index = 0; index < count; index++) await this.review.of(`${name}-${index}`).catch(() => undefined);
  }
}

test('made-up tokens do not push the answer for a reader out', async () => {
  const crowd = new Crowd();
  await crowd.review.of('scraper');
  await crowd.strangers(1000);
  const asked = crowd.asked.length;
  assert.equal((await crowd.review.of('scraper')).verdict, 'allowed');
  assert.equal(crowd.asked.length, asked);
});

test('a reader whose answer has run out is asked about beside four strangers, and with more right', async () => {
  const crowd = new Crowd();
  await crowd.review.of('scraper');
  await crowd.strangers(500);
  crowd.clock.advance(60_000);
  const held = Promise.withResolvers<unknown>();
  crowd.hold = held.promise;
  const waiting = Array.from({ length: 4 }, (_, index) => crowd.review.of(`made-up-now-${index}`));
  await assert.rejects(crowd.review.of('made-up-more'), TooManyReviews);
  const before = crowd.asked.length;
  assert.equal((await crowd.review.of('scraper')).verdict, 'allowed');
  const priorities = [crowd.asked[before - 1], crowd.asked[before]].map((request) => request?.priority);
  assert.deepEqual(priorities, ['scan', 'follow']);
  held.resolve(undefined);
  await Promise.all(waiting);
});

test('the next token of a reader is asked about beside strangers, by where it comes from', async () => {
  const crowd = new Crowd();
  await crowd.review.of('scraper', '10.0.0.1');
  const held = Promise.withResolvers<unknown>();
  crowd.hold = held.promise;
  const waiting = Array.from({ length: 4 }, (_, index) => crowd.review.of(`made-up-${index}`, '10.0.0.2'));
  await assert.rejects(crowd.review.of('next-token', '10.0.0.3'), TooManyReviews);
  assert.equal((await crowd.review.of('next-token', '10.0.0.1')).verdict, 'allowed');
  held.resolve(undefined);
  await Promise.all(waiting);
});

test('strangers beside a reader do not take the places of its token', async () => {
  const crowd = new Crowd();
  await crowd.review.of('scraper', '10.0.0.1');
  crowd.clock.advance(60_000);
  const held = Promise.withResolvers<unknown>();
  crowd.hold = held.promise;
  const waiting = Array.from({ length: 4 }, (_, index) => crowd.review.of(`made-up-${index}`, '10.0.0.1'));
  await assert.rejects(crowd.review.of('made-up-more', '10.0.0.1'), TooManyReviews);
  assert.equal((await crowd.review.of('scraper', '10.0.0.1')).verdict, 'allowed');
  held.resolve(undefined);
  await Promise.all(waiting);
});

test('known readers have a limit of four of their own', async () => {
  const crowd = new Crowd();
  for (let index = 0; index < 5; index++) await crowd.review.of(`scraper-${index}`);
  crowd.clock.advance(60_000);
  const held = Promise.withResolvers<unknown>();
  crowd.access = held.promise.then(() => allowed);
  const waiting = Array.from({ length: 4 }, (_, index) => crowd.review.of(`scraper-${index}`));
  await assert.rejects(crowd.review.of('scraper-4'), TooManyReviews);
  held.resolve(undefined);
  await Promise.all(waiting);
});

test('a reader who loses the right is a stranger again', async () => {
  const reviews = new Reviews();
  await reviews.review.of('t');
  reviews.clock.advance(60_000);
  reviews.access = denied;
  assert.equal((await reviews.review.of('t')).verdict, 'forbidden');
  reviews.clock.advance(10_000);
  await reviews.review.of('t');
  assert.equal(reviews.asked.at(-1)?.priority, 'scan');
});

test('a failed review changes nothing for a known reader', async () => {
  const reviews = new Reviews();
  await reviews.review.of('t');
  reviews.clock.advance(60_000);
  reviews.token = new ApiError({ method: 'POST', path: '/', reason: 'Network', message: 'gone' });
  await assert.rejects(reviews.review.of('t'), /gone/);
  reviews.token = known;
  await reviews.review.of('t');
  assert.equal(reviews.asked.at(-1)?.priority, 'follow');
});

test('a reader with ever new tokens does not fill the memory: 64 are known', async () => {
  const reviews = new Reviews();
  for (let index = 0; index < 65; index++) await reviews.review.of(`reader-${index}`);
  const asked = reviews.asked.length;
  await reviews.review.of('reader-1');
  assert.equal(reviews.asked.length, asked);
  await reviews.review.of('reader-0');
  assert.equal(reviews.asked.length, asked + 2);
});
