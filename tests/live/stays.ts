import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** Watches that something stays true for so long; fails at once when it does not. That nothing happens can only be seen by waiting. */
export async function stays(what: string, milliseconds: number, probe: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    assert.ok(
      await probe(),
      `${what}: not any more after ${Math.round((milliseconds - end + performance.now()) / 1000)} s`,
    );
    await sleep(250);
  }
}
