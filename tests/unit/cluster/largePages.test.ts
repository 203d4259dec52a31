import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { KubeClient } from '../../../src/cluster/client.ts';
import { wholeList } from '../../../src/cluster/list.ts';
import { PAGE_BYTES, PageLimit } from '../../../src/cluster/pageLimit.ts';
import { PagedPodSource } from '../../../src/pods/podSource.ts';
import { ApiServer, configFor, json } from './apiServer.ts';
import { encode, enveloped } from './protobufEncoder.ts';

const MIB = 2 ** 20;
const path = '/api/v1/pods';

/** The length of each object's annotation; an object's place is its name. */
let sizes: readonly number[] = [];
/** The `limit` of each page that was asked for. */
let limits: number[] = [];
let answer: (items: readonly number[], from: number, next: string, response: ServerResponse) => void;
let server: ApiServer;
let client: KubeClient;

function serve(request: IncomingMessage, response: ServerResponse): void {
  const query = new URL(request.url ?? '', 'http://x').searchParams;
  const from = Number(query.get('continue') ?? 0);
  const limit = Number(query.get('limit'));
  limits.push(limit);
  const to = from + limit;
  answer(sizes.slice(from, to), from, to < sizes.length ? String(to) : '', response);
}

const asJson: typeof answer = (items, from, next, response) =>
  json(response, 200, {
    kind: 'PodList',
    metadata: { resourceVersion: '7', continue: next },
    items: items.map((size, index) => ({
      metadata: { name: `pod-${from + index}`, uid: `u-${from + index}`, annotations: { large: 'x'.repeat(size) } },
    })),
  });

const asProtobuf: typeof answer = (items, from, next, response) => {
  const pods = items.map((size, index) => ({
    1: { 1: `pod-${from + index}`, 5: `u-${from + index}`, 12: [{ 1: 'large', 2: 'x'.repeat(size) }] },
  }));
  response.writeHead(200, { 'content-type': 'application/vnd.kubernetes.protobuf' });
  response.end(enveloped('PodList', encode({ 1: { 3: next }, 2: pods })));
};

beforeAll(async () => {
  server = await new ApiServer(serve).listen();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  limits = [];
  client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test' });
});

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `pod-${index}`);

const readers: [string, typeof answer, () => Promise<(string | undefined)[]>][] = [
  [
    'a list',
    asJson,
    async () =>
      (await wholeList<{ metadata: { name: string } }>(client, { path })).map(({ metadata }) => metadata.name),
  ],
  ['pods in JSON', asJson, async () => podNames()],
  ['pods in protobuf', asProtobuf, async () => podNames()],
];
const podNames = async (): Promise<string[]> =>
  (await Array.fromAsync(new PagedPodSource(client).pods({}))).flat().map(({ name }) => name);

/** What the objects are like, their sizes, and how many pages may be asked for in all. */
const lists: [string, readonly number[], number][] = [
  ['small ones come in full pages', new Array(1200).fill(100), 3],
  ['large ones come in smaller pages', new Array(600).fill(20_000), 24],
  [
    'one huge one among small ones comes alone',
    [...new Array(300).fill(100), 4 * MIB, ...new Array(900).fill(100)],
    40,
  ],
  ['huge ones come one by one', new Array(5).fill(3 * MIB), 16],
  ['one of nine MiB comes too', [9 * MIB], 10],
];

for (const [who, how, read] of readers)
  describe(`${who} of large objects`, () => {
    for (const [name, list, pages] of lists)
      it(`${name}, each once`, async () => {
        sizes = list;
        answer = how;
        assert.deepEqual(await read(), names(list.length));
        assert.ok(limits.length <= pages, `${limits.length} pages: ${limits.join(' ')}`);
        await client.close();
      });

    it('is learnt once: the next reading begins with pages that fit', async () => {
      sizes = new Array(600).fill(20_000);
      answer = how;
      await read();
      limits = [];
      await read();
      assert.ok((limits[0] ?? 0) * 20_000 < PAGE_BYTES, limits.join(' '));
      await client.close();
    });

    it('comes whole from a server that knows no limit, after nothing smaller was to be had', async () => {
      sizes = new Array(13).fill(MIB);
      answer = (_items, _from, _next, response) => how(sizes, 0, '', response);
      assert.deepEqual(await read(), names(13));
      assert.deepEqual(limits, [500, 250, 125, 62, 31, 15, 7, 3, 1, 1]);
      await client.close();
    });
  });

describe('page limit', () => {
  it('doubles after pages that fit, up to where it was', () => {
    const limit = new PageLimit(500);
    limit.tooLarge(500);
    assert.equal(limit.current, 250);
    limit.fitted(250);
    assert.equal(limit.current, 250);
    limit.fitted(250);
    assert.equal(limit.current, 500);
  });

  it('does not try more where twice as much would not fit', () => {
    const limit = new PageLimit(500);
    limit.tooLarge(500);
    const page = (length: number): void => limit.fitted(limit.current, { length, most: 100 });
    for (let number = 0; number < 100; number++) page(60);
    assert.equal(limit.current, 250);
    // the last page of a list is short
    page(10);
    assert.equal(limit.current, 250);
    page(40);
    assert.equal(limit.current, 500);
  });

  it('tries more ever more seldom where that is in vain', () => {
    const limit = new PageLimit(500);
    let tooLarge = 0;
    for (let page = 0; page < 1000; page++) {
      if (limit.current <= 250) limit.fitted(limit.current);
      else {
        limit.tooLarge(limit.current);
        tooLarge += 1;
      }
    }
    assert.ok(tooLarge < 25, `${tooLarge} of 1000 pages were too large`);
  });

  it('never falls below one, and not twice for pages that were asked for together', () => {
    const limit = new PageLimit(500);
    limit.tooLarge(500);
    limit.tooLarge(500);
    assert.equal(limit.current, 250);
    for (let page = 0; page < 20; page++) limit.tooLarge(limit.current);
    assert.equal(limit.current, 1);
  });
});
