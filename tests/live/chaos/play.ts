import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../../unit/fuzz/dice.ts';
import type { Arena } from './arena.ts';
import type { Fault, Heal } from './fault.ts';
import type { Part } from './parts.ts';
import { type Step, UPGRADE } from './schedule.ts';

/** A fault begins and ends within this time, or the run has failed. */
const DEADLINE_MS = 90_000;

/**
 * How long a fault waits until something is under way that it can disturb. Nothing is, where another fault is in the way of everything.
 */
const AT_WORK_MS = 6000;

/**
 * Plays a schedule. A step begins at its time, or when all steps before it that hold one of its parts have ended. Every fault that began is
 * ended, whatever happens to others.
 * @param said gets a line when a fault begins and when it has ended
 * @returns what went wrong with the faults themselves
 */
export async function play(
  steps: readonly Step[],
  faults: readonly Fault[],
  arena: Arena,
  said: (line: string) => void,
): Promise<readonly Error[]> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const held = new Map<Part, Promise<unknown>>();
  const wrong: Error[] = [];
  const one = async (step: Step, fault: Fault, before: readonly (Promise<unknown> | undefined)[]): Promise<void> => {
    await Promise.all(before);
    await sleep(Math.max(0, 1000 * (step.begins - seconds())));
    if (fault.name !== UPGRADE.name) await arena.atWork(AT_WORK_MS);
    said(`${seconds().toFixed(1).padStart(6)} s  ${fault.name} begins`);
    let heal: Heal | undefined;
    try {
      heal = await inTime(`${fault.name} to begin`, Promise.resolve(fault.begin(arena, new Dice(step.seed))));
      await sleep(1000 * (step.ends - step.begins));
      await inTime(`${fault.name} to end`, Promise.resolve(heal()));
    } catch (error) {
      wrong.push(new Error(`${fault.name}: ${error instanceof Error ? error.message : error}`, { cause: error }));
    }
    said(`${seconds().toFixed(1).padStart(6)} s  ${fault.name} has ended`);
  };
  for (const step of steps) {
    const fault = faults.find(({ name }) => name === step.fault);
    if (!fault) throw new Error(`there is no fault "${step.fault}"`);
    const done = one(
      step,
      fault,
      fault.holds.map((part) => held.get(part)),
    );
    for (const part of fault.holds) held.set(part, done);
  }
  await Promise.all(held.values());
  return wrong;
}

async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const end = new AbortController();
  const late = sleep(DEADLINE_MS, undefined, { signal: end.signal }).then(() => {
    throw new Error(`gave up after ${DEADLINE_MS / 1000} s waiting for ${what}`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    end.abort();
  }
}
