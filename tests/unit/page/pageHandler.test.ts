import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { Lease } from '../../../src/leader/lease.ts';
import { LEASE_ANNOTATION } from '../../../src/names.ts';
import { MOST_LISTENERS } from '../../../src/page/listeners.ts';
import { statusText } from '../../../src/status/statusText.ts';
import { upgradeDocument } from '../../builders/status.ts';
import { currentOne, manyWorkloads, outdatedOne } from '../../page/planOf.ts';
import { ServedPage } from '../../page/servedPage.ts';
import { until } from '../cluster/deadline.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

async function ask(served: ServedPage, path: string, options: RequestOptions = {}): Promise<Answer> {
  const sent = request(`${served.url}${path}`, { agent: false, signal: AbortSignal.timeout(10_000), ...options });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) };
}

async function served(work: (page: ServedPage) => Promise<void>): Promise<void> {
  await using page = await new ServedPage().start();
  page.evaluated([outdatedOne('cart'), currentOne('web'), currentOne('ledger', 'bank')]);
  await work(page);
}

const ROWS: [name: string, path: string, options: RequestOptions, status: number, body: RegExp][] = [
  [
    'the page',
    '/',
    {},
    200,
    /^<!doctype html>[\s\S]*<th scope="row"><a href="\?explain=Deployment%2Fshop%2Fcart#explanation">cart</,
  ],
  ['a filter of the page', '/?namespace=bank', {}, 200, /1 to 1 of 1 matching workloads, 3 in all/],
  ['a filter that is markup', '/?text=%22%3E%3Cscript%3E', {}, 200, /value="&quot;&gt;&lt;script&gt;"/],
  [
    'an explanation on the page',
    '/?explain=Deployment/shop/cart',
    {},
    200,
    /<pre tabindex="0">Deployment shop\/cart\n/,
  ],
  [
    'an explanation alone',
    '/explain?workload=Deployment/shop/cart',
    {},
    200,
    /^Deployment shop\/cart\n[\s\S]*Verdict\n {2}outdated, restart/,
  ],
  [
    'a workload that nobody knows',
    '/explain?workload=Deployment/shop/%3Cb%3E',
    {},
    200,
    /^This replica does not know the workload/,
  ],
  ['all rows', '/snapshot.json', {}, 200, /^\{"version":"\w+-1","sections":\{.*"rows":\[/],
  ['another path', '/metrics', {}, 404, /the page is at \//],
  ['a path of another place', '//elsewhere/', {}, 404, /the page is at/],
  ['a write', '/', { method: 'POST' }, 405, /use GET/],
  ['a write to the listeners', '/events', { method: 'PUT' }, 405, /use GET/],
  ['a head', '/', { method: 'HEAD' }, 200, /^$/],
  ['a head of the listeners', '/events', { method: 'HEAD' }, 200, /^$/],
  ['localhost by name', '/', { headers: { host: 'LocalHost:8082' } }, 200, /^<!doctype html>/],
  ['localhost by IPv6', '/', { headers: { host: '[::1]:8082' } }, 200, /^<!doctype html>/],
  [
    'the name of a website that leads here',
    '/',
    { headers: { host: 'rebind.example.com' } },
    421,
    /open the page as http:\/\/localhost/,
  ],
  ['a name that begins like an address', '/snapshot.json', { headers: { host: '127.0.0.1.example.com' } }, 421, /open/],
];
for (const [name, path, options, status, body] of ROWS)
  test(`${name}: ${status}`, () =>
    served(async (page) => {
      const answer = await ask(page, path, options);
      assert.equal(answer.status, status);
      assert.match(answer.body.toString(), body);
      if (status === 421) return;
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.headers['referrer-policy'], 'no-referrer');
      assert.equal(answer.headers['set-cookie'], undefined);
      assert.match(String(answer.headers['content-security-policy']), /^default-src 'none'; .*frame-ancestors 'none'$/);
    }));

test('the policy allows the script and the style of the page and no others', () =>
  served(async (page) => {
    const { headers, body } = await ask(page, '/');
    const text = body.toString();
    const policy = String(headers['content-security-policy']);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    for (const [tag, directive] of [
      ['script', 'script-src'],
      ['style', 'style-src'],
    ] as const) {
      const found = [...text.matchAll(new RegExp(`<${tag}>([^<]*(?:<(?!/${tag}>)[^<]*)*)</${tag}>`, 'g'))].map(
        ([, inside = '']) => inside,
      );
      assert.equal(found.length, 1);
      const hash = createHash('sha256')
        .update(found[0] ?? '')
        .digest('base64');
      assert.ok(policy.includes(`${directive} 'sha256-${hash}'`));
    }
    assert.doesNotMatch(text, /\b(src|href)="(https?:)?\/\//);
  }));

test('a long answer is compressed for those who take it, and the same for the others', () =>
  served(async (page) => {
    page.evaluated(manyWorkloads(500));
    const zipped = await ask(page, '/snapshot.json', { headers: { 'accept-encoding': 'br, gzip' } });
    const plain = await ask(page, '/snapshot.json');
    const refused = await ask(page, '/snapshot.json', { headers: { 'accept-encoding': 'gzip;q=0' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.deepEqual(gunzipSync(zipped.body), plain.body);
    assert.deepEqual([plain.headers['content-encoding'], refused.headers['content-encoding']], [undefined, undefined]);
    assert.ok(zipped.body.length < plain.body.length / 5);
  }));

test('who has the rows already is told so', () =>
  served(async (page) => {
    const { etag = '' } = (await ask(page, '/snapshot.json')).headers;
    const again = await ask(page, '/snapshot.json', { headers: { 'if-none-match': etag } });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
  }));

/** A Lease on which another process publishes an upgrade half-way. */
const otherLease = (age: number): Lease => ({
  metadata: {
    namespace: 'meltemi',
    annotations: { [LEASE_ANNOTATION.status]: statusText(upgradeDocument({ leftOut: 5 })) },
  },
  spec: {
    holderIdentity: 'other_1',
    renewTime: new Date(Date.now() - age).toISOString(),
    leaseDurationSeconds: 15,
  },
});

test('a replica that does not lead shows what the leader publishes, says so, and explains nothing', () =>
  served(async (page) => {
    page.leadership.isLeading = false;
    page.leadership.lease = () => otherLease(0);
    const text = (await ask(page, '/')).body.toString();
    assert.match(
      text,
      /this replica does not lead: it shows what other_1 publishes[^<]*5 more workloads have no row here/,
    );
    assert.match(text, /<b>26<\/b> current/);
    assert.match(text, />ledger<\/a>/);
    assert.doesNotMatch(text, /nothing is restarted/);
    const explained = await ask(page, '/explain?workload=Deployment/shop/cart');
    assert.match(explained.body.toString(), /only the leader can explain/);
  }));

test('… and that nothing is restarted where that leader is gone', () =>
  served(async (page) => {
    page.leadership.isLeading = false;
    page.leadership.lease = () => otherLease(600_000);
    assert.match(
      (await ask(page, '/')).body.toString(),
      /nothing is restarted: other_1 has not renewed the Lease for 10 min/,
    );
  }));

const NOT_YET: [name: string, isLeading: boolean, lease: Lease | undefined, words: RegExp][] = [
  ['before the Lease was read', false, undefined, /the Lease has not been read yet, or no replica has led yet/],
  [
    'while another one scans for the first time',
    false,
    { metadata: { namespace: 'meltemi' }, spec: { holderIdentity: 'other_1' } },
    /other_1 has not finished its first scan/,
  ],
  ['while this one scans for the first time', true, otherLease(0), /the first scan is not finished/],
];
for (const [name, isLeading, lease, words] of NOT_YET)
  test(`${name} the page says why there is nothing to show`, async () => {
    await using page = await new ServedPage().start();
    page.leadership.isLeading = isLeading;
    page.leadership.lease = () => lease;
    assert.match((await ask(page, '/')).body.toString(), words);
  });

/** Opens a stream of changes, and leaves it open. */
async function stream(page: ServedPage): Promise<IncomingMessage> {
  const sent = request(`${page.url}/events`, { agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  response.resume();
  return response;
}

test(`one listener more than ${MOST_LISTENERS} is sent away with the time to come back; when one goes, there is room`, () =>
  served(async (page) => {
    const all = await Promise.all(Array.from({ length: MOST_LISTENERS }, () => stream(page)));
    assert.deepEqual([...new Set(all.map(({ statusCode }) => statusCode))], [200]);
    const refused = await ask(page, '/events');
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '30']);
    all[0]?.destroy();
    let isIn = false;
    const tryAgain = async (): Promise<void> => {
      for (let tries = 0; tries < 200 && !isIn; tries++) isIn = (await stream(page)).statusCode === 200;
    };
    await tryAgain();
    assert.ok(isIn);
    assert.equal((await ask(page, '/')).status, 200, 'the page itself is there for everyone');
  }));

test('connections that say nothing take the places of each other, and none of those who ask or listen', () =>
  served(async (page) => {
    const listening = await stream(page);
    const port = Number(new URL(page.url).port);
    const silent = await Promise.all(
      Array.from({ length: 150 }, async () => {
        const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
        await once(socket, 'connect');
        socket.resume();
        return socket;
      }),
    );
    await until('the oldest to be closed', () => silent.filter(({ destroyed }) => destroyed).length >= 50);
    assert.equal((await ask(page, '/')).status, 200);
    assert.equal(silent.filter(({ destroyed }) => !destroyed).length >= 90, true);
    assert.equal(listening.destroyed, false);
    for (const socket of silent) socket.destroy();
  }));
