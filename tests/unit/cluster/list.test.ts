import assert from 'node:assert/strict';
import { statusError } from '../../../src/cluster/apiError.ts';
import { ListExpired, listPages, wholeList } from '../../../src/cluster/list.ts';
import { FakeApi } from './fakeApi.ts';

const path = '/api/v1/namespaces';
const page = (items: string[], next = '') => ({ items, metadata: { resourceVersion: '7', continue: next } });
const expired = statusError({ method: 'GET', path }, { code: 410, reason: 'Expired' });

describe('list', () => {
  it('follows continue tokens and asks for pages of 500 without a resourceVersion', async () => {
    const api = new FakeApi([page(['a', 'b'], 'next'), page(['c'])]);
    const options = { path, labelSelector: 'app=istiod', fieldSelector: 'metadata.name=x' };
    assert.deepEqual(await wholeList(api, options), ['a', 'b', 'c']);
    const asked = api.lists.map(({ query }) => query);
    assert.deepEqual(
      asked.map((query) => query?.continue),
      [undefined, 'next'],
    );
    for (const query of asked) {
      assert.equal(query?.limit, 500);
      assert.equal(query?.labelSelector, 'app=istiod');
      assert.equal(query?.fieldSelector, 'metadata.name=x');
      assert.equal(Object.hasOwn(query ?? {}, 'resourceVersion'), false);
    }
  });

  it('reads one page ahead of the one that is wanted, and no more', async () => {
    const api = new FakeApi([page(['a'], 'next'), page(['b'], 'last'), page(['c'])]);
    for await (const { resourceVersion } of listPages(api, { path })) {
      assert.equal(resourceVersion, '7');
      break;
    }
    assert.equal(api.lists.length, 2);
  });

  it('asks for the next page before the last one is given out', async () => {
    const api = new FakeApi([page(['a'], 'next'), page(['b'])]);
    const pages = listPages(api, { path });
    await pages.next();
    assert.deepEqual(
      api.lists.map(({ query }) => query?.continue),
      [undefined, 'next'],
    );
    await pages.return(undefined);
  });

  it('does not fail with a page that nobody wants any more', async () => {
    const pages = listPages(new FakeApi([page(['a'], 'old'), expired]), { path });
    await pages.next();
    await pages.return(undefined);
    // an unhandled rejection would be told in the next turn
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('asks for metadata alone when told so', async () => {
    const api = new FakeApi([page([])]);
    await wholeList(api, { path, metadataOnly: true });
    assert.match(api.lists[0]?.accept ?? '', /as=PartialObjectMetadataList;g=meta.k8s.io;v=v1/);
  });

  it('throws ListExpired when a token is too old', async () => {
    const pages = listPages(new FakeApi([page(['a'], 'old'), expired]), { path });
    await pages.next();
    await assert.rejects(pages.next(), ListExpired);
  });

  it('does not take a 410 without a token for an expired list', async () => {
    await assert.rejects(wholeList(new FakeApi([expired]), { path }), { name: 'ApiError', status: 410 });
  });

  it('begins again when the list expires and returns nothing twice', async () => {
    const api = new FakeApi([page(['a'], 'old'), expired, page(['a', 'b'])]);
    assert.deepEqual(await wholeList(api, { path }), ['a', 'b']);
  });

  it('gives up at the fourth expired list', async () => {
    const api = new FakeApi([1, 2, 3, 4, 5].flatMap(() => [page(['a'], 'old'), expired]));
    await assert.rejects(wholeList(api, { path }), ListExpired);
    assert.equal(api.lists.length, 8);
  });

  it('ends a list whose page leads to itself', async () => {
    await assert.rejects(wholeList(new FakeApi([page(['a'], 'again')]), { path }), { reason: 'Malformed' });
  });

  it('hands its signal on to every page', async () => {
    const api = new FakeApi([page(['a'], 'next'), page(['b'])]);
    const { signal } = new AbortController();
    await wholeList(api, { path, signal });
    assert.deepEqual(
      api.lists.map((list) => list.signal === signal),
      [true, true],
    );
  });

  it('hands its priority on, and none where it has none', async () => {
    const api = new FakeApi([page([])]);
    await wholeList(api, { path, priority: 'follow' });
    await wholeList(api, { path });
    assert.deepEqual(
      api.lists.map(({ priority }) => priority),
      ['follow', undefined],
    );
  });

  it('reads a list without items as empty and refuses what is no list', async () => {
    assert.deepEqual(await wholeList(new FakeApi([{ items: null, metadata: {} }]), { path }), []);
    await assert.rejects(wholeList(new FakeApi([{ kind: 'APIVersions' }]), { path }), { reason: 'Malformed' });
  });
});
