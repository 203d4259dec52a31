import { setImmediate } from 'node:timers/promises';

/** Waits until something is so, turn by turn of the event loop; fails after ten seconds, saying for what it waited. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`waited in vain for: ${what}`);
    await setImmediate();
  }
}

/** Waits for a promise; fails after ten seconds, saying for what it waited. */
export async function settled<T>(what: string, promise: Promise<T> | undefined): Promise<void> {
  let done = false;
  const watched = promise?.finally(() => {
    done = true;
  });
  watched?.catch(() => undefined);
  await until(what, () => done || promise === undefined);
  await watched;
}
