import assert from 'node:assert/strict';
import { ServerClock } from '../../../src/cluster/serverClock.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;

/** A clock with a steady clock that only `pass` moves, the wall clock of its machine, and a server whose clock is right. */
function clocks({ wrong = 0 } = {}) {
  const time = { passed: 0, wrong };
  const server = { off: 0 };
  const clock = new ServerClock(
    () => 5 + time.passed,
    () => NOW + time.passed + time.wrong,
  );
  /** An answer that takes so long on its way there and back. */
  const ask = (there = 0, back = 0): void => {
    const answered = clock.asked();
    time.passed += there;
    const date = new Date(NOW + time.passed + server.off).toUTCString();
    time.passed += back;
    answered(date);
  };
  const error = (): number => clock.now() - (NOW + time.passed);
  return { clock, time, server, ask, error };
}

test('before any answer it is the wall clock of the machine', () => {
  assert.equal(clocks().error(), 0);
  assert.equal(clocks({ wrong: HOUR }).error(), HOUR);
});

for (const wrong of [HOUR, -HOUR])
  test(`after one answer it is right within half a second, on a machine whose clock is wrong by ${wrong / HOUR} h`, () => {
    const { ask, error } = clocks({ wrong });
    ask();
    assert.ok(Math.abs(error()) <= 500, `${error()} ms`);
  });

test('more answers make it more precise, and slow ones do not make it less', () => {
  const { ask, error, time } = clocks({ wrong: HOUR });
  for (let n = 0; n < 40; n++) {
    time.passed += 1037;
    ask(2, 2);
  }
  assert.ok(Math.abs(error()) < 60, `${error()} ms`);
  ask(20_000, 30_000);
  assert.ok(Math.abs(error()) < 60, `${error()} ms`);
});

test('it does not follow the wall clock of the machine, whenever that is set', () => {
  const { ask, error, time } = clocks();
  ask();
  time.wrong = HOUR;
  time.passed += 60_000;
  assert.ok(Math.abs(error()) <= 500, `${error()} ms`);
});

test('it follows the clock of the server when that is set', () => {
  const { ask, error, server } = clocks();
  ask();
  server.off = -HOUR;
  ask();
  assert.ok(Math.abs(error() + HOUR) <= 500, `${error()} ms`);
});

test('an answer without a date, or with none that can be read, changes nothing', () => {
  const { clock, error } = clocks();
  clock.asked()(undefined);
  clock.asked()('yesterday');
  assert.equal(error(), 0);
});
