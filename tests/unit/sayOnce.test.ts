import assert from 'node:assert/strict';
import { SayOnce } from '../../src/sayOnce.ts';

it('the same words are said once until they change', () => {
  const said = new SayOnce<string>();
  const words = ['down', 'down', 'denied', 'down'];
  assert.deepEqual(
    words.map((one) => said.isNews('watch', one)),
    [true, false, true, true],
  );
});

it('what is over is news again, and only what was said can be over', () => {
  const said = new SayOnce<string>();
  assert.equal(said.over('watch'), false);
  said.isNews('watch', 'down');
  assert.equal(said.last('watch'), 'down');
  assert.equal(said.over('watch'), true);
  assert.equal(said.last('watch'), undefined);
  assert.equal(said.isNews('watch', 'down'), true);
});

it('subjects do not share their words, and those that are gone are forgotten', () => {
  const said = new SayOnce<string>();
  assert.equal(said.isNews('a', 'down'), true);
  assert.equal(said.isNews('b', 'down'), true);
  said.keepOnly((subject) => subject === 'b');
  assert.equal(said.isNews('a', 'down'), true);
  assert.equal(said.isNews('b', 'down'), false);
});
