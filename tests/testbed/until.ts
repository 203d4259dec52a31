import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 100;

/** What `until` throws: what was waited for, for how long, and what was seen last. */
export class Overdue extends Error {
  override name = 'Overdue';
}

/**
 * Polls until the probe answers with something truthy and returns that. A probe says "not yet" by answering with
 * `undefined`, `false` or an `Error`, or by throwing; an `Error` is quoted as the last observation.
 */
export async function until<T>(
  what: string,
  deadlineMs: number,
  probe: () => Promise<T | Error | undefined | false> | T | Error | undefined | false,
  everyMs = EVERY_MS,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const seen = await attempt(probe);
    if (seen && !(seen instanceof Error)) return seen;
    if (seen instanceof Hopeless) throw seen;
    if (performance.now() >= end) throw new Overdue(overdue(what, deadlineMs, seen));
    await sleep(everyMs);
  }
}

/** Thrown by a probe to end the wait at once: waiting longer cannot help. */
export class Hopeless extends Error {
  override name = 'Hopeless';
}

async function attempt<T>(probe: () => Promise<T> | T): Promise<T | Error> {
  try {
    return await probe();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function overdue(what: string, deadlineMs: number, seen: unknown): string {
  const last = seen instanceof Error ? seen.message : JSON.stringify(seen);
  return `gave up after ${deadlineMs / 1000} s waiting for ${what}; last seen: ${last ?? 'nothing'}`;
}
