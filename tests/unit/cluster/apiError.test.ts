import assert from 'node:assert/strict';
import {
  ApiError,
  httpError,
  isConflict,
  isForbidden,
  isGone,
  isNotFound,
  isRetryable,
  networkError,
  statusError,
} from '../../../src/cluster/apiError.ts';

const call = { method: 'GET', path: '/api/v1/pods' };
const answer = (status: number): ApiError => httpError(call, status, Buffer.from(''));
const lost = (code: string): ApiError => networkError(call, 'https://x', Object.assign(new Error('lost'), { code }));

describe('apiError', () => {
  it('tells the kinds of failure apart by status, and by nothing that is no ApiError', () => {
    assert.deepEqual([isNotFound(answer(404)), isConflict(answer(409)), isForbidden(answer(403))], [true, true, true]);
    assert.deepEqual(
      [isNotFound(answer(403)), isNotFound({ status: 404 }), isForbidden(undefined)],
      [false, false, false],
    );
  });

  it('knows what is too old by status or by reason', () => {
    assert.equal(isGone(answer(410)), true);
    assert.equal(isGone(statusError(call, { reason: 'Expired' })), true);
    assert.equal(isGone(answer(404)), false);
  });

  it('holds for retryable what may pass by itself, and not what must be mended', () => {
    for (const error of [
      answer(429),
      answer(500),
      answer(503),
      lost('ECONNREFUSED'),
      lost('UND_ERR_HEADERS_TIMEOUT'),
    ]) {
      assert.equal(isRetryable(error), true, error.message);
    }
    for (const error of [
      answer(400),
      answer(403),
      answer(404),
      answer(409),
      lost('CERT_HAS_EXPIRED'),
      new Error('x'),
    ]) {
      assert.equal(isRetryable(error), false, error.message);
    }
  });

  it('says what to do where the API server does not accept the credentials', () =>
    assert.equal(
      statusError(call, { code: 401, reason: 'Unauthorized', message: 'Unauthorized' }).message,
      'GET /api/v1/pods: 401: Unauthorized; has the token or the client certificate expired, or is it of another cluster?',
    ));

  it('takes the wait from the header, else from the Status', () => {
    const body = Buffer.from(JSON.stringify({ kind: 'Status', details: { retryAfterSeconds: 3 } }));
    assert.equal(httpError(call, 429, body).retryAfterMs, 3000);
    assert.equal(httpError(call, 429, body, '5').retryAfterMs, 5000);
    assert.equal(httpError(call, 429, Buffer.from(''), 'Wed, 21 Oct 2026 07:28:00 GMT').retryAfterMs, undefined);
  });

  const waits: [string, string | undefined, unknown, number | undefined][] = [
    ['a minute', '60', undefined, 60_000],
    ['more than a minute', '61', undefined, 60_000],
    ['days', '999999', undefined, 60_000],
    ['more digits than a number has', '9'.repeat(400), undefined, 60_000],
    ['a negative number', '-5', undefined, undefined],
    ['a fraction', '1.5', undefined, undefined],
    ['days in the Status', undefined, 999_999, 60_000],
    ['a number without an end in the Status', undefined, 1e308, undefined],
    ['a negative number in the Status', undefined, -1, undefined],
    ['text in the Status', undefined, '5', undefined],
  ];
  for (const [name, header, inStatus, wait] of waits)
    it(`bounds the wait: ${name}`, () => {
      const body = Buffer.from(JSON.stringify({ kind: 'Status', details: { retryAfterSeconds: inStatus } }));
      assert.equal(httpError(call, 429, body, header).retryAfterMs, wait);
    });

  it('bounds the wait however the error is made', () => {
    const made = (retryAfterMs: number) => new ApiError({ ...call, reason: 'x', message: 'x', retryAfterMs });
    assert.deepEqual(
      [1e9, -1, Number.NaN, Number.POSITIVE_INFINITY].map((ms) => made(ms).retryAfterMs),
      [60_000, undefined, undefined, 60_000],
    );
  });

  const statuses: unknown[] = [{ message: { a: 1 } }, { reason: 7 }, { details: 'x' }, { details: [] }, { code: 'x' }];
  for (const status of statuses)
    it(`does not trip over a Status that is none: ${JSON.stringify(status)}`, () => {
      const body = Buffer.from(JSON.stringify({ kind: 'Status', ...(status as object) }));
      assert.equal(httpError(call, 500, body).message, 'GET /api/v1/pods: 500: no reason given');
    });

  it('keeps messages short', () => {
    assert.ok(statusError(call, { message: 'x'.repeat(10_000) }).message.length < 400);
  });

  it('finds the code of an error one level down', () => {
    const wrapped = new Error('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) });
    assert.match(networkError(call, 'https://x', wrapped).message, /connection refused/);
  });
});
