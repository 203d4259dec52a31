import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { LiveScreen } from '../../../src/cli/liveScreen.ts';

/** A terminal that keeps what it is sent. */
class Out extends EventEmitter {
  readonly isTTY = true;
  columns = 80;
  rows = 24;
  sent: string[] = [];
  takesMore = true;

  write(text: string): boolean {
    this.sent.push(text);
    return this.takesMore;
  }
}

class Input extends EventEmitter {
  readonly isTTY = true;
  readonly modes: boolean[] = [];
  paused = false;

  setRawMode(raw: boolean): void {
    this.modes.push(raw);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

function opened() {
  const [out, input, told] = [new Out(), new Input(), [] as string[]];
  const on = { quit: () => void told.push('quit'), resize: () => void told.push('resize') };
  const screen = new LiveScreen(out as unknown as NodeJS.WriteStream, input as unknown as NodeJS.ReadStream, on);
  screen.open();
  out.sent = [];
  return { out, input, told, screen };
}

const FRAMES: readonly [name: string, frames: string[][], sent: string[]][] = [
  ['all lines of the first frame, at once', [['a', 'b']], ['\u001b[1;1Ha\u001b[K\u001b[2;1Hb\u001b[K']],
  ['nothing of an equal one', [['a'], ['a']], ['\u001b[1;1Ha\u001b[K']],
  [
    'the line that changed',
    [
      ['a', 'b'],
      ['a', 'c'],
    ],
    ['\u001b[1;1Ha\u001b[K\u001b[2;1Hb\u001b[K', '\u001b[2;1Hc\u001b[K'],
  ],
  ['a line that is gone', [['a', 'b'], ['a']], ['\u001b[1;1Ha\u001b[K\u001b[2;1Hb\u001b[K', '\u001b[2;1H\u001b[K']],
];
for (const [name, frames, sent] of FRAMES)
  test(`it writes ${name}`, () => {
    const { out, screen } = opened();
    for (const lines of frames) screen.draw(lines);
    assert.deepEqual(out.sent, sent);
  });

test('a terminal that is slow gets no frames until it has taken the last, and then what changed meanwhile', () => {
  const { out, screen } = opened();
  out.takesMore = false;
  screen.draw(['a']);
  screen.draw(['b']);
  assert.equal(out.sent.length, 1);
  out.emit('drain');
  screen.draw(['c']);
  assert.equal(out.sent.at(-1), '\u001b[1;1Hc\u001b[K');
});

test('another size clears the screen and draws all of it again', () => {
  const { out, screen, told } = opened();
  screen.draw(['a']);
  Object.assign(out, { columns: 100, rows: 30 });
  out.emit('resize');
  screen.draw(['a']);
  assert.deepEqual(out.sent.slice(1), ['\u001b[H\u001b[2J', '\u001b[1;1Ha\u001b[K']);
  assert.deepEqual([screen.size, told], [{ width: 100, height: 30 }, ['resize']]);
});

for (const key of ['q', '\u0003', '\u0004'])
  test(`${JSON.stringify(key)} ends it, and other keys do not`, () => {
    const { input, told } = opened();
    input.emit('data', Buffer.from('x\u001b[A'));
    assert.deepEqual(told, []);
    input.emit('data', Buffer.from(key));
    assert.deepEqual(told, ['quit']);
  });

test('it leaves the terminal as it was, once', () => {
  const { out, input, screen } = opened();
  screen.close();
  screen.close();
  screen.draw(['late']);
  assert.deepEqual(out.sent, ['\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l']);
  assert.deepEqual([input.modes, input.paused], [[true, false], true]);
  assert.deepEqual([out.eventNames(), input.eventNames()], [[], []]);
});
