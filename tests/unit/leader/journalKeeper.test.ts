import assert from 'node:assert/strict';
import { statusError } from '../../../src/cluster/apiError.ts';
import { JournalKeeper } from '../../../src/leader/journalKeeper.ts';
import { LEASE_ANNOTATION } from '../../../src/names.ts';

const { journal, status } = LEASE_ANNOTATION;
const answered = (code: number) => statusError({ method: 'PUT', path: 'lease' }, { code });
const refusal = answered(422);

/** A keeper that publishes a status, and what came of the texts that it was given. */
function keeping() {
  const keeper = new JournalKeeper();
  keeper.publishes(() => 'status');
  const ends: string[] = [];
  const keep = (text: string): void => {
    keeper.keep(text).then(
      () => ends.push(`${text} is kept`),
      (error: unknown) => ends.push(`${text}: ${error === refusal ? 'refused' : error}`),
    );
  };
  return { keeper, keep, ends };
}

/** Lets promises settle. */
const settle = (): Promise<void> => new Promise(setImmediate);

describe('what is kept while a write is under way', () => {
  it('waits for the next write where this one succeeds', async () => {
    const { keeper, keep, ends } = keeping();
    keep('one');
    const write = keeper.next();
    keep('two');
    write.written();
    await settle();
    assert.deepEqual(ends, ['one is kept']);
    keeper.next().written();
    await settle();
    assert.deepEqual(ends, ['one is kept', 'two is kept']);
  });

  it('is written by the next one where this one is refused', async () => {
    const { keeper, keep, ends } = keeping();
    keep('one');
    keeper.next().failed(refusal);
    const write = keeper.next();
    keep('two');
    write.failed(refusal);
    await settle();
    assert.deepEqual(ends, ['one: refused']);
    const next = keeper.next();
    assert.equal(next.annotations[journal], 'two');
    next.written();
    await settle();
    assert.deepEqual(ends, ['one: refused', 'two is kept']);
  });
});

describe('the status is left out', () => {
  const rows: [string, unknown, boolean][] = [
    ['after 400', answered(400), true],
    ['after 403', answered(403), true],
    ['after 413', answered(413), true],
    ['after 422', answered(422), true],
    ['not after 404', answered(404), false],
    ['not after 409', answered(409), false],
    ['not after 500', answered(500), false],
    ['not where there was no answer', new Error('timeout'), false],
  ];
  for (const [name, error, isLeftOut] of rows)
    it(name, () => {
      const { keeper } = keeping();
      keeper.next().failed(error);
      assert.equal(keeper.next().annotations[status], isLeftOut ? '' : 'status');
    });

  it('not once the same is refused without it: it was not why', async () => {
    const { keeper, keep, ends } = keeping();
    keep('one');
    keeper.next().failed(refusal);
    keeper.next().failed(refusal);
    await settle();
    assert.deepEqual(ends, ['one: refused']);
    assert.deepEqual(keeper.next().annotations, { [status]: 'status' });
  });

  it('not in the next term', () => {
    const { keeper } = keeping();
    keeper.next().failed(refusal);
    keeper.end(new Error('over'));
    assert.equal(keeper.next().annotations[status], 'status');
  });
});

test('what was wanted in a term wakes nobody in the next one', async () => {
  const { keeper, keep, ends } = keeping();
  keep('one');
  keeper.end(refusal);
  let waits = 0;
  const wait = async (): Promise<void> => {
    waits += 1;
  };
  await keeper.wanted(wait, new AbortController().signal);
  assert.deepEqual([waits, ends], [1, ['one: refused']]);
});
