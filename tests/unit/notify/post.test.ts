import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { postJson } from '../../../src/notify/post.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../cluster/localhostCertificate.ts';

const SECRET = 'T0P/SECRET';
const never = new AbortController().signal;

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return (server.address() as AddressInfo).port;
}

const urlOf = (port: number, scheme = 'http'): URL => new URL(`${scheme}://localhost:${port}/${SECRET}`);

async function serving(answer: RequestListener): Promise<URL> {
  return urlOf(await listening(createServer(answer)));
}

test('the body arrives as JSON', async () => {
  const got: unknown[] = [];
  const url = await serving((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      got.push(request.method, request.url, request.headers['content-type'], JSON.parse(text));
      response.end();
    });
  });
  assert.deepEqual(await postJson(url, { text: 'Ωραία' }, never), { status: 200 });
  assert.deepEqual(got, ['POST', `/${SECRET}`, 'application/json', { text: 'Ωραία' }]);
});

test('a redirect is not followed', async () => {
  const seen: (string | undefined)[] = [];
  const url = await serving((request, response) => {
    seen.push(request.url);
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  assert.deepEqual(await postJson(url, {}, never), { status: 307 });
  assert.deepEqual(seen, [`/${SECRET}`]);
});

const pauses: readonly [name: string, header: string, retryAfter: number | undefined][] = [
  ['seconds', '7', 7000],
  ['more than ten minutes', '86400', 600_000],
  ['a date', 'Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ['nonsense', '-1', undefined],
];
for (const [name, header, retryAfter] of pauses)
  test(`a receiver that asks for a pause of ${name}`, async () => {
    const url = await serving((_request, response) => response.writeHead(429, { 'retry-after': header }).end());
    const expected = { status: 429, ...(retryAfter && { retryAfter }) };
    assert.deepEqual(await postJson(url, {}, never), expected);
  });

test('an answer without end is not read', async () => {
  let written = 0;
  let closed = false;
  const url = await serving((_request, response) => {
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      if (response.destroyed || written > 10 * 1024 * 1024) return;
      written += chunk.length;
      response.write(chunk, () => setImmediate(more));
    };
    response.on('close', () => {
      closed = true;
    });
    more();
  });
  assert.deepEqual(await postJson(url, {}, never), { status: 200 });
  for (let turn = 0; !closed && turn < 100_000; turn++) await new Promise(setImmediate);
  assert.ok(closed && written < 10 * 1024 * 1024, `${written} bytes were taken`);
});

test('a receiver that hangs is left after the time limit', async () => {
  const url = await serving(() => undefined);
  assert.deepEqual(await postJson(url, {}, never, 50), { problem: 'no answer within 0.05 s' });
});

test('a receiver that switches to another protocol has answered', async () => {
  const url = await serving((request) => {
    request.socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  assert.deepEqual(await postJson(url, {}, never), { status: 101 });
});

test('a request ends when the term does', async () => {
  const stop = new AbortController();
  const url = await serving(() => stop.abort());
  const result = await postJson(url, {}, stop.signal);
  assert.ok('problem' in result);
});

test('a certificate that nobody has signed is refused', async () => {
  const port = await listening(
    createTlsServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (_, response) => response.end()),
  );
  assert.deepEqual(await postJson(urlOf(port, 'https'), {}, never), {
    problem: 'the request failed (DEPTH_ZERO_SELF_SIGNED_CERT)',
  });
});

test('no problem has any part of the URL', async () => {
  const silent = await listening(createServer());
  const urls = [
    `http://localhost:${silent}/${SECRET}`,
    `http://no-such-host.invalid/${SECRET}`,
    `http://127.0.0.1:1/${SECRET}`,
    `https://localhost:${silent}/${SECRET}`,
  ];
  for (const url of urls) {
    const result = await postJson(new URL(url), {}, never, 500);
    const words = JSON.stringify(result);
    assert.ok('problem' in result && !/SECRET|localhost|127\.0\.0|invalid/.test(words), words);
  }
});
