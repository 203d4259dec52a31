import assert from 'node:assert/strict';
import { atOnce } from '../../../src/atOnce.ts';
import { keyOf } from '../../../src/model.ts';
import { type Evaluation, type EvaluationInputs, evaluate } from '../../../src/plan/evaluate.ts';
import { Evaluator } from '../../../src/plan/evaluator.ts';
import { FollowedItems } from '../../../src/plan/followedItems.ts';
import { KeptItems } from '../../../src/plan/keptItems.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import { ruleContextOf } from '../../../src/plan/ruleContext.ts';
import type { AllRunNotes } from '../../../src/plan/runNotes.ts';
import { RunMembers, type RunState } from '../../../src/plan/runState.ts';
import { diceFor } from '../fuzz/dice.ts';
import { ChangingWorld } from './changingWorld.ts';

export const CHANGES = 80;
/** Some have more workloads than a block of sums. */
const SIZES = [30, 150];

/** Changes a world again and again, and compares the evaluation of what has changed with that of everything. */
export function compareWorld(seed: number): void {
  const dice = diceFor(seed, 15);
  const world = new ChangingWorld(dice, dice.pick(SIZES));
  const evaluator = new Evaluator();
  const members = new RunMembers();
  const waiting = { followed: new FollowedItems(), kept: new KeptItems(isWaiting) };
  let before = world.inputs();
  let last = atOnce(evaluator.evaluate(before));
  for (let change = 0; change < CHANGES; change++) {
    world.evaluated(last);
    let words = `change ${change}: ${world.happens(last)}`;
    checkWavesAtWrite(evaluator, inOrderOf(before, last), world.context(), words);
    if (dice.once(2)) {
      words += `, and ${world.happens(last)}`;
      checkWavesAtWrite(evaluator, inOrderOf(before, last), world.context(), words);
    }
    const inputs = world.inputs();
    const next = atOnce(evaluator.evaluate(inputs));
    assert.deepEqual(essence(next), evaluate(inputs), words);
    checkChanges(last, next, words);
    const kept = waiting.kept.after(waiting.followed.next(next));
    assert.deepEqual(new Set(next.items.filter(isWaiting)), kept, words);
    checkRuns(members, next, inputs.context.notes, words);
    const { history, rolloutGroups } = ruleContextOf(next.items, inputs.context);
    const atWrite = evaluator.ruleContext(inputs.context);
    assert.deepEqual(atWrite.history, history, words);
    assert.deepEqual([...atWrite.rolloutGroups.keys()].sort(), [...rolloutGroups.keys()].sort(), words);
    [before, last] = [inputs, next];
  }
}

const isWaiting = ({ step }: Planned): boolean => step.action === 'wait';

/** What the specification knows of, too. */
const essence = ({ serial: _, changes: __, ...rest }: Evaluation): Evaluation => rest;

/** In the moment of a write, waves are those of the workloads as they were evaluated last, with everything else as it is. */
function checkWavesAtWrite(
  evaluator: Evaluator,
  assessed: readonly Planned[],
  context: PlanContext,
  words: string,
): void {
  const { waves: kept } = evaluator.ruleContext(context);
  const { waves: whole } = ruleContextOf(assessed, context);
  for (const run of new Set([...whole.tallies.keys(), ...context.notes.keys()]))
    assert.deepEqual(kept?.ofRun(run), whole.ofRun(run), `at a write, ${words}`);
}

/** The items of an evaluation in the order of its observations. */
function inOrderOf({ observations }: EvaluationInputs, { items }: Evaluation): readonly Planned[] {
  const byKey = new Map(items.map((one) => [keyOf(one.workload), one]));
  return observations.flatMap(({ workload }) => byKey.get(keyOf(workload)) ?? []);
}

/** Whoever keeps the members of runs has those of the whole evaluation. */
function checkRuns(kept: RunMembers, evaluation: Evaluation, runs: AllRunNotes, words: string): void {
  const whole = atOnce(new RunMembers().states({ items: evaluation.items }, runs));
  assert.deepEqual(atOnce(kept.states(evaluation, runs)).map(byName), whole.map(byName), words);
}

const byName = (state: RunState): RunState => ({
  ...state,
  members: state.members.toSorted((a, b) => Number(keyOf(a.workload) > keyOf(b.workload)) - 0.5),
});

/** Who follows the changes has the items. */
function checkChanges(last: Evaluation, { items, changes, serial }: Evaluation, words: string): void {
  assert.equal(serial, (last.serial ?? 0) + 1);
  if (!changes) return;
  const followed = new Set<Planned>(last.items);
  for (const one of changes.gone) assert.ok(followed.delete(one), words);
  for (const one of changes.changed) followed.add(one);
  assert.deepEqual(followed.size, items.length, words);
  assert.ok(
    items.every((one) => followed.has(one)),
    words,
  );
}
