import assert from 'node:assert/strict';
import { objectKey, Store, type Stored } from '../../../src/cluster/store.ts';

const object = (name: string, resourceVersion = '1', uid = `uid-${name}`): Stored => ({
  metadata: { name, uid, resourceVersion },
});

describe('store', () => {
  it('keys by namespace and name, or by the name alone', () => {
    assert.equal(objectKey({ metadata: { namespace: 'shop', name: 'web' } }), 'shop/web');
    assert.equal(objectKey(object('web')), 'web');
  });

  it('tells coming, changing and going', () => {
    const store = new Store();
    const [old, young] = [object('a', '1'), object('a', '2')];
    assert.deepEqual(store.put(old), [{ key: 'a', after: old }]);
    assert.deepEqual(store.put(young), [{ key: 'a', before: old, after: young }]);
    assert.deepEqual(store.remove(young), [{ key: 'a', before: young }]);
    assert.deepEqual([store.items(), store.remove(young)], [[], []]);
  });

  it('takes an object seen before for no change', () => {
    const store = new Store();
    const seen = object('a');
    store.put(seen);
    assert.deepEqual(store.put(object('a')), []);
    assert.equal(store.get('a'), seen);
  });

  it('takes an object of the same version for changed if it says something else, as after a restored backup', () => {
    const store = new Store();
    const [before, after]: Stored[] = [object('a'), { ...object('a'), ...{ data: { key: 'other' } } }];
    store.put(before as Stored);
    assert.deepEqual(store.put(after as Stored), [{ key: 'a', before, after }]);
    assert.equal(store.get('a'), after);
  });

  it('takes an object of a watch and that of a list for the same, although only one names its kind', () => {
    const store = new Store();
    const seen = { ...object('a'), ...{ kind: 'Namespace', apiVersion: 'v1' } };
    store.put(seen);
    assert.deepEqual(store.replace([object('a')]), []);
    assert.equal(store.get('a'), seen);
  });

  it('takes an object for changed that is nested too deeply to be compared', () => {
    const store = new Store();
    let deep: object = {};
    for (let depth = 0; depth < 20_000; depth++) deep = { deep };
    store.put({ ...object('a'), ...{ status: deep } });
    assert.equal(store.put({ ...object('a'), ...{ status: { deep } } }).length, 1);
  });

  it('takes objects without a version for changed', () => {
    const store = new Store();
    const [before, after]: Stored[] = [{ metadata: { name: 'a' } }, { metadata: { name: 'a' } }];
    store.put(before as Stored);
    assert.deepEqual(store.put(after as Stored), [{ key: 'a', before, after }]);
    assert.equal(store.get('a'), after);
  });

  it('takes another UID for a deletion and a new object', () => {
    const store = new Store();
    const [old, young] = [object('a', '1', 'first'), object('a', '2', 'second')];
    store.put(old);
    assert.deepEqual(store.put(young), [
      { key: 'a', before: old },
      { key: 'a', after: young },
    ]);
  });

  it('drops what a new list no longer has, and tells only the differences', () => {
    const store = new Store();
    const [gone, same, changed] = [object('gone'), object('same'), object('changed')];
    store.replace([gone, same, changed]);
    const [newer, added] = [object('changed', '2'), object('added')];
    assert.deepEqual(store.replace([object('same'), newer, added]), [
      { key: 'gone', before: gone },
      { key: 'changed', before: changed, after: newer },
      { key: 'added', after: added },
    ]);
    assert.deepEqual(store.items().map(objectKey).sort(), ['added', 'changed', 'same']);
  });
});
