import { closedWords, gatesOfWave } from './gatesOfWave.ts';
import type { PlanContext } from './planContext.ts';
import type { WaveNote } from './runNotes.ts';
import type { Wave, WaveProgress } from './wave.ts';
import { isChanged, type WaveTally } from './waveTally.ts';

/** A wave of a run: how far it is, and what is to be remembered of it. */
export interface WaveStanding {
  readonly wave: Wave;
  readonly progress: WaveProgress;
  /** Undefined where there is nothing to remember. */
  readonly note?: WaveNote;
}

/** What is known of a wave of a run. */
export interface KnownWave {
  readonly wave: Wave;
  readonly counted: WaveTally;
  /** What was remembered of it. */
  readonly noted: WaveNote | undefined;
  /** The first of the earlier waves that is not done. */
  readonly undone: string | undefined;
  /** Something in a later wave is still to be restarted. */
  readonly isAwaited: boolean;
}

type Context = Pick<PlanContext, 'now' | 'wall' | 'metricGates' | 'unseen'>;

/**
 * The state of a wave. Failures come first, because they hold the next waves whatever else there is. A wave that was done stays done,
 * unless what it has shown no longer holds: another sidecar is expected since. One in which nothing was restarted has shown nothing, so
 * it is done only as long as there is nothing to restart.
 */
export function waveStanding(given: KnownWave, context: Context): WaveStanding {
  const { wave, counted, noted } = given;
  const { total, current, inFlight, failed, waiting } = counted;
  const standing = (state: Omit<WaveProgress, keyof typeof counts | 'name'>, note?: WaveNote): WaveStanding => ({
    wave,
    progress: { name: wave.name, ...state, ...counts },
    ...(note && { note }),
  });
  const counts = { total, current, inFlight, failed, waiting };
  const wasDone = noted?.doneAt !== undefined && !isChanged(counted);
  const endedAt = lastOf(counted.endedAt, noted?.endedAt, context.wall);
  const known = noted?.endedAt === undefined ? undefined : { endedAt: noted.endedAt };
  const ended = endedAt === undefined ? undefined : { endedAt };
  if (failed > wave.maxFailures)
    return standing({ state: 'failed', detail: failedWords(wave, counted) }, wasDone ? noted : known);
  if (wasDone) return standing({ state: 'done' }, noted);
  const unended = leftToDo(given, context);
  if (unended) return standing(unended, known);
  if (!counted.isRestarted && !ended) return standing({ state: 'done' });
  return standing(...endState(given, ended, context));
}

type State = Pick<WaveProgress, 'state' | 'detail' | 'until'>;

/** The state of a wave in which something is still to be restarted, or of which that is not known; undefined if there is nothing. */
function leftToDo({ counted, undone }: KnownWave, { unseen }: Context): State | undefined {
  if (counted.left === 0 && unseen === undefined) return undefined;
  if (undone !== undefined && counted.inFlight === 0)
    return { state: 'waiting', detail: `it waits for wave ${undone}` };
  return { state: 'running', detail: leftWords(counted, unseen) };
}

/** The state of a wave whose restarts have all ended, and what is to be remembered of it. */
function endState(given: KnownWave, ended: WaveNote | undefined, context: Context): [State, WaveNote | undefined] {
  const { wave, counted, noted, isAwaited } = given;
  const baking = bakingState(wave, ended?.endedAt ?? context.wall, context);
  // gates are for those who wait: while nobody does, nobody need ask them, and the wave has not shown that they are open
  if (baking) return [baking.until !== undefined || isAwaited ? baking : { state: 'done' }, ended];
  // restarts of an earlier round of the run say nothing about this one
  const isShown = counted.isRestarted || noted?.doneAt !== undefined;
  return [{ state: 'done' }, isShown ? { ...ended, doneAt: noted?.doneAt ?? context.wall } : ended];
}

/** Why a wave whose restarts have all ended is not done yet; undefined if it is. */
function bakingState(wave: Wave, endedAt: number, context: Context): State | undefined {
  const { now, wall } = context;
  const left = endedAt + wave.bake - wall;
  if (left > 0)
    return { state: 'baking', detail: 'its bake has not passed since its last restart ended', until: now + left };
  const closed = gatesOfWave(wave, context);
  return closed.length > 0 ? { state: 'baking', detail: closedWords(closed) } : undefined;
}

/** A time in the future is from another clock. It counts as now, so that no bake begins later than now. */
function lastOf(counted: number | undefined, noted: number | undefined, wall: number): number | undefined {
  const known = [counted, noted].flatMap((time) => time ?? []);
  return known.length === 0 ? undefined : Math.min(wall, Math.max(...known));
}

function failedWords({ maxFailures }: Wave, { failed, failedExample }: WaveTally): string {
  const restarts = failed === 1 ? '1 restart' : `${failed} restarts`;
  return `${restarts} failed, and maxFailures is ${maxFailures}: see ${failedExample}`;
}

function leftWords({ left, total, leftExample }: WaveTally, unseen: string | undefined): string {
  if (left === 0) return String(unseen);
  return `${left} of ${Math.max(left, total)} workloads ${left === 1 ? 'is' : 'are'} left: see ${leftExample}`;
}
