import { heldByGate } from './askedMetricGates.ts';
import { closedMetricGates, type GateContext } from './closedMetricGates.ts';
import { gatesOfWave } from './gatesOfWave.ts';
import { whyClosed } from './metricGate.ts';
import type { Plan } from './plan.ts';
import type { RuleContext } from './rule.ts';
import type { AllRunNotes } from './runNotes.ts';
import type { WaveProgress } from './wave.ts';

/** Something of a run waits for a closed metric gate. */
export interface GateWait {
  readonly run: string;
  readonly gate: string;
}

/** A metric gate that has kept a run waiting for its time limit or longer. */
export interface LongClosed extends GateWait {
  /** Milliseconds of the wall clock. */
  readonly since: number;
  readonly detail: string;
}

type ClosedSince = Readonly<Record<string, number>>;

/** Which runs wait for which closed metric gates. */
export function gateWaits({ items, waves }: Pick<Plan, 'items' | 'waves'>, context: GateContext): readonly GateWait[] {
  const waits = new Map<string, GateWait>();
  for (const one of context.policy.metricGates ? items.flatMap(heldByGate) : []) {
    const run = one.injection?.run;
    if (run === undefined) continue;
    for (const { name } of closedMetricGates(one, context)) waits.set(`${run} ${name}`, { run, gate: name });
  }
  for (const { run, waves: ofRun } of waves)
    for (const gate of ofRun.flatMap((wave) => gatesAfterBake(wave, context)))
      waits.set(`${run} ${gate}`, { run, gate });
  return [...waits.values()];
}

/** The closed gates for which a wave waits whose bake has passed. */
function gatesAfterBake({ name, state, until }: WaveProgress, context: GateContext): readonly string[] {
  if (state !== 'baking' || until !== undefined) return [];
  const wave = context.policy.waves?.find((one) => one.name === name);
  return wave ? gatesOfWave(wave, context).map((gate) => gate.name) : [];
}

/**
 * Since when runs wait for closed metric gates, where that differs from the notes of a run. A gate that has not been asked yet begins no
 * time and ends none.
 */
export function closedSince(
  waits: readonly GateWait[],
  { notes, metricGates, wall }: Pick<RuleContext, 'notes' | 'metricGates' | 'wall'>,
): ReadonlyMap<string, ClosedSince> {
  const next = new Map<string, Record<string, number>>();
  for (const [run, { closedSince: known }] of notes) if (known) next.set(run, {});
  for (const { run, gate } of waits) {
    const known = notes.get(run)?.closedSince?.[gate];
    // a clock that was set back begins the time anew
    const since = known !== undefined && known >= 0 && known <= wall ? known : wall;
    if (known !== undefined || metricGates.has(gate)) next.set(run, { ...next.get(run), [gate]: since });
  }
  return new Map([...next].filter(([run, times]) => !sameTimes(times, notes.get(run)?.closedSince ?? {})));
}

const sameTimes = (one: ClosedSince, other: ClosedSince): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([gate, since]) => other[gate] === since);

/** Milliseconds until the next gate will have kept a run waiting for its time limit; undefined if none will. */
export function untilLongClosed(
  notes: AllRunNotes,
  { policy, wall }: Pick<RuleContext, 'policy' | 'wall'>,
): number | undefined {
  const limits = new Map(policy.metricGates?.map(({ name, timeLimit }) => [name, timeLimit]));
  const left = [...notes.values()].flatMap(({ closedSince: known = {} }) =>
    Object.entries(known).map(([gate, since]) => since + (limits.get(gate) ?? Number.NEGATIVE_INFINITY) - wall),
  );
  const ahead = left.filter((time) => time > 0);
  return ahead.length > 0 ? Math.min(...ahead) : undefined;
}

/** The metric gates that have kept runs waiting for longer than they may. Their closing is reported; they stay closed. */
export function longClosed(
  notes: AllRunNotes,
  { policy, wall, ...context }: Pick<RuleContext, 'policy' | 'wall' | 'metricGates' | 'now'>,
): readonly LongClosed[] {
  const limits = new Map(policy.metricGates?.map(({ name, timeLimit }) => [name, timeLimit]));
  return [...notes].flatMap(([run, { closedSince: known = {} }]) =>
    Object.entries(known).flatMap(([gate, since]) => {
      const limit = limits.get(gate);
      if (limit === undefined || wall - since < limit) return [];
      return [{ run, gate, since, detail: whyClosed(gate, context) ?? 'it has just opened' }];
    }),
  );
}
