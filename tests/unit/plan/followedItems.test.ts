import assert from 'node:assert/strict';
import type { Evaluation } from '../../../src/plan/evaluate.ts';
import { FollowedItems } from '../../../src/plan/followedItems.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { assessed } from '../../builders/workload.ts';

const one = (name: string): Planned => ({ ...assessed({ name }), step: { action: 'none' } });
const [a, b, other] = [one('a'), one('b'), one('b')];
const first = evaluation([a, b], { serial: 1 });
const changes = { changed: [other], gone: [b] };

const rows: [string, readonly Evaluation[], boolean][] = [
  ['the first evaluation is new as a whole', [first], true],
  ['of the next one only what has changed is', [first, evaluation([a, other], { serial: 2, changes })], false],
  ['after one that was missed, everything is', [first, evaluation([a, other], { serial: 3, changes })], true],
  ['one that does not know its changes is new as a whole', [first, evaluation([a, other], { serial: 2 })], true],
  ['one of a single evaluation is', [evaluation([a, b]), evaluation([a, other])], true],
];

test.each(rows)('%s', (_, all, isAnew) => {
  const items = new FollowedItems();
  const news = all.map((each) => items.next(each)).at(-1);
  const whole = { isAnew, added: all.at(-1)?.items, gone: [] };
  assert.deepEqual(news, isAnew ? whole : { isAnew, added: [other], gone: [b] });
});
