import assert from 'node:assert/strict';
import type { Arena } from '../../live/chaos/arena.ts';
import type { Fault } from '../../live/chaos/fault.ts';
import { play } from '../../live/chaos/play.ts';
import type { Step } from '../../live/chaos/schedule.ts';

/** All that is asked of it. */
const ARENA = { atWork: async () => undefined } as unknown as Arena;
const step = (fault: string, begins = 0): Step => ({ fault, begins, ends: begins + 0.02, seed: 1 });

/** Faults that note when they begin and end. */
function noted(...kinds: readonly (Pick<Fault, 'name' | 'holds'> & { readonly fails?: 'to begin' | 'to end' })[]) {
  const notes: string[] = [];
  const faults = kinds.map(
    ({ name, holds, fails }): Fault => ({
      name,
      holds,
      lasts: [0, 1],
      begin: () => {
        if (fails === 'to begin') throw new Error('cannot');
        notes.push(`${name} begins`);
        return () => {
          notes.push(`${name} ends`);
          if (fails === 'to end') throw new Error('cannot');
        };
      },
    }),
  );
  return { notes, faults };
}

const playing = (faults: readonly Fault[], ...steps: readonly Step[]) => play(steps, faults, ARENA, () => undefined);

test('faults of different parts overlap', async () => {
  const { notes, faults } = noted({ name: 'a', holds: ['api'] }, { name: 'b', holds: ['istiod'] });
  assert.deepEqual(await playing(faults, step('a'), step('b', 0.01)), []);
  assert.deepEqual(notes, ['a begins', 'b begins', 'a ends', 'b ends']);
});

test('faults of one part follow each other, even if the first is late', async () => {
  const { notes, faults } = noted({ name: 'a', holds: ['api'] }, { name: 'b', holds: ['istiod', 'api'] });
  assert.deepEqual(await playing(faults, step('a'), step('b')), []);
  assert.deepEqual(notes, ['a begins', 'a ends', 'b begins', 'b ends']);
});

for (const fails of ['to begin', 'to end'] as const)
  test(`a fault that fails ${fails} is told, and the others go on and end`, async () => {
    const { notes, faults } = noted({ name: 'a', holds: ['api'], fails }, { name: 'b', holds: ['api'] });
    const [error, ...more] = await playing(faults, step('a'), step('b'));
    assert.match(error?.message ?? '', /^a: cannot/);
    assert.equal(more.length, 0);
    assert.deepEqual(notes.slice(-2), ['b begins', 'b ends']);
  });

test('a schedule of a fault that there is not is refused', async () => {
  await assert.rejects(playing([], step('flood')), /there is no fault "flood"/);
});
