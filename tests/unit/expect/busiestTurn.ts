import { setImmediate } from 'node:timers/promises';

/**
 * The most processor time that one turn of the event loop takes while some work is under way, in milliseconds. Processor time and not the
 * clock's: on a busy machine a turn may last long without having done much.
 */
export async function busiestTurn(begin: () => Promise<unknown>): Promise<number> {
  const ended = { is: false };
  let work: Promise<unknown> | undefined;
  let most = 0;
  while (!ended.is) {
    const before = process.threadCpuUsage();
    work ??= begin().finally(() => {
      ended.is = true;
    });
    work.catch(() => undefined);
    await setImmediate();
    const { user, system } = process.threadCpuUsage(before);
    most = Math.max(most, (user + system) / 1000);
  }
  await work;
  return most;
}
