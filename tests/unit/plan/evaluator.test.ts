import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { CHANGES, compareWorld } from './comparedWorld.ts';
import type { Mistake } from './mutatedWorld.ts';

const WORLDS = Number(process.env.EVALUATOR_WORLDS ?? 16);

for (let seed = 0; seed < WORLDS; seed++)
  test(`after each of ${CHANGES} changes it gives what a new evaluation of everything gives: world ${seed}`, () =>
    compareWorld(seed));

const EVALUATOR = 'src/plan/evaluator.ts';
const STEPS = 'src/plan/keptSteps.ts';
const THROTTLE = 'src/plan/throttle.ts';

const mistakes: [string, Mistake][] = [
  [
    'not asking again when a time has come',
    {
      file: STEPS,
      snippet: 'as number) <= now)',
      instead: 'as number) === now - 0.5)',
    },
  ],
  [
    'not looking at the entries of the journal',
    { file: EVALUATOR, snippet: '...[...entries].flatMap(', instead: '...[].flatMap(' },
  ],
  [
    'not comparing what concerns all',
    { file: EVALUATOR, snippet: '|| !areSame(shared, this.#shared)', instead: '|| shared.length === 0' },
  ],
  [
    'counting what has changed of a wave as before',
    {
      file: 'src/plan/keptSums.ts',
      snippet: '[...moving, ...placesOf(again)]',
      instead: '[...moving]',
    },
  ],
  [
    'not counting anew at a write',
    { file: 'src/plan/keptSums.ts', snippet: '.with(this.#countedAnew(again)', instead: '.with([]' },
  ],
  [
    'not comparing what concerns all at a write',
    {
      file: EVALUATOR,
      snippet: 'find((one) => areSame(one.shared, shared))',
      instead: 'find((one) => one.shared.length === shared.length)',
    },
  ],
  [
    'keeping the step of a workload that was judged again',
    { file: STEPS, snippet: '    this.#states[place] = State.open;\n', instead: '' },
  ],
  [
    'forgetting when the wait of a workload ends',
    { file: STEPS, snippet: '    this.#until[place] = one.until;\n', instead: '' },
  ],
  [
    'taking a limit that is reached for the one that was reached before',
    {
      file: THROTTLE,
      snippet: '(this.#full !== before && !isSameWait(this.#full, before))',
      instead: 'before.reason.detail === this.#full.until?.toString()',
    },
  ],
  [
    'taking a workload for one that is not in the queue',
    { file: STEPS, snippet: 'if (!one.isInQueue)', instead: 'if (one.isInQueue || step.action)' },
  ],
  [
    'keeping a workload in the run that it has left',
    { file: 'src/plan/runState.ts', snippet: 'else places.delete(key);', instead: '' },
  ],
  [
    'keeping who was restarted in a run that has started anew',
    {
      file: 'src/plan/runState.ts',
      snippet: 'before.get(run)?.startedAt === startedAt',
      instead: '(startedAt, before.has(run))',
    },
  ],
];

test.each(mistakes)('the comparison shows a mistake: %s', async (_, mistake) => {
  const worker = new Worker(new URL('mutatedWorld.ts', import.meta.url), { workerData: { mistake, worlds: 40 } });
  const [{ isMade, shown }] = await once(worker, 'message');
  await worker.terminate();
  assert.ok(isMade);
  assert.notEqual(shown, undefined);
});
