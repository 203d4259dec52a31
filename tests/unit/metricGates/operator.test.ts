import assert from 'node:assert/strict';
import { unanswered } from '../../../src/metricGates/judgement.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { metricGate } from '../../builders/metricGate.ts';
import { HOUR, NOW, workload } from '../../builders/workload.ts';
import { until } from '../../testbed/until.ts';
import { OperatorBench, type OperatorBenchOptions } from '../operatorBench.ts';

const OPEN = { isOpen: true, isAnswered: true, detail: '0.004, at most 0.01' };
const CLOSED = { isOpen: false, isAnswered: true, detail: '0.3 is above the maximum of 0.01' };
const SECOND = 1000;

/** An operator with one outdated workload and a gate, which waits no longer than a moment between two questions. */
class GateBench extends OperatorBench {
  static readonly clock = { now: NOW };
  questions = 0;

  constructor(answer: () => typeof OPEN, given: Partial<OperatorBenchOptions> = {}) {
    const { clock } = GateBench;
    clock.now = NOW;
    super({
      workloads: () => [workload()],
      policy: { metricGates: [metricGate()] },
      ...given,
      given: {
        now: () => clock.now,
        wall: () => clock.now,
        sleep: async (milliseconds, signal) => {
          await new Promise((resolve) => setTimeout(resolve, Math.min(5, milliseconds)));
          signal?.throwIfAborted();
          clock.now += Math.min(milliseconds, SECOND);
        },
        askGate: async () => {
          this.questions += 1;
          return answer();
        },
        ...given.given,
      },
    });
  }
}

const seen = (what: string, check: () => boolean): Promise<unknown> => until(what, 5000, check);

test('an open gate lets a workload be restarted', async () => {
  await using bench = new GateBench(() => OPEN).start();
  await seen('a restart', () => bench.patched.length === 1);
});

test('a closed gate holds it, and lets it go as soon as it opens', async () => {
  let answer = CLOSED;
  await using bench = new GateBench(() => answer).start();
  await seen('many evaluations', () => bench.evaluations > 5);
  assert.deepEqual(bench.patched, []);
  answer = OPEN;
  await seen('a restart', () => bench.patched.length === 1);
});

test('a gate that closes between plan and write stops the write', async () => {
  let answer = OPEN;
  const store = new FakeStore();
  const keep = store.keep.bind(store);
  const held = Promise.withResolvers<void>();
  // the journal of the restart is on its way while the gate closes
  store.keep = async (text) => {
    answer = CLOSED;
    await held.promise;
    return keep(text);
  };
  await using bench = new GateBench(() => answer, { store }).start();
  await seen('the journal to be written', () => answer === CLOSED);
  const asked = bench.questions;
  await seen('the gate to be asked again', () => bench.questions > asked + 2);
  held.resolve();
  const { evaluations } = bench;
  await seen('more evaluations', () => bench.evaluations > evaluations + 3);
  assert.deepEqual(bench.patched, []);
});

test('a gate that gives no answer for its time limit is told once, also by the next leader', async () => {
  await using bench = new GateBench(() => unanswered('HTTP 500'), {
    policy: { metricGates: [metricGate({ timeLimit: HOUR })] },
  }).start();
  await seen('the gate to be noted', () => bench.journal.notes.get('run')?.closedSince !== undefined);
  assert.deepEqual(bench.told, []);
  GateBench.clock.now += HOUR;
  await seen('the gate to be told', () => bench.told.length > 0);
  await bench.stepDown();
  bench.lead();
  const { evaluations } = bench;
  await seen('more evaluations', () => bench.evaluations > evaluations + 3);
  assert.deepEqual(bench.told, ['closed long: slo: HTTP 500']);
});

test('a dry run notes nothing', async () => {
  await using bench = new GateBench(() => CLOSED, { given: { dryRun: true } }).start();
  await seen('many evaluations', () => bench.evaluations > 5);
  assert.equal(bench.journal.notes.size, 0);
});
