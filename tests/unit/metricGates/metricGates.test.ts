import assert from 'node:assert/strict';
import { unanswered } from '../../../src/metricGates/judgement.ts';
import { MetricGates } from '../../../src/metricGates/metricGates.ts';
import type { MetricGate } from '../../../src/plan/metricGate.ts';
import type { Policy } from '../../../src/plan/policy.ts';
import { metricGate } from '../../builders/metricGate.ts';
import { policy } from '../../builders/policy.ts';

const SECOND = 1000;
const SLO = metricGate();
const STRICT = metricGate({ ask: { query: 'errors', max: 0.001 } });
const OTHER = metricGate({ name: 'other' });

/** Gates over a clock that stands still until it is told to go on. */
class Bench {
  now = 0;
  policy: Policy = policy({ metricGates: [SLO, OTHER] });
  /** What was asked, when. */
  readonly asked: string[] = [];
  changes = 0;
  answer: (gate: MetricGate) => Promise<{ isOpen: boolean; isAnswered: boolean; detail: string }> = async () => OPEN;
  readonly stop = new AbortController();
  readonly gates: MetricGates;
  #waiting: { readonly at: number; readonly resolve: () => void }[] = [];

  constructor() {
    this.gates = new MetricGates({
      ask: (gate) => {
        this.asked.push(`${gate.name} at ${this.now / SECOND}`);
        return this.answer(gate);
      },
      policy: () => this.policy,
      now: () => this.now,
      wait: (milliseconds) => new Promise((resolve) => this.#waiting.push({ at: this.now + milliseconds, resolve })),
      signal: this.stop.signal,
      onAnswer: () => undefined,
      onChange: () => {
        this.changes += 1;
      },
    });
  }

  async pass(seconds: number): Promise<void> {
    const end = this.now + seconds * SECOND;
    await turn();
    for (;;) {
      const due = this.#waiting.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.now = Math.max(this.now, due.at);
      this.#waiting = this.#waiting.filter((one) => one !== due);
      due.resolve();
      await turn();
    }
    this.now = end;
  }

  open(name = 'slo'): boolean | undefined {
    return this.gates.states().get(name)?.isOpen;
  }
}
const turn = (): Promise<void> => new Promise(setImmediate);
const OPEN = { isOpen: true, isAnswered: true, detail: '0.004, at most 0.01' };
const CLOSED = { isOpen: false, isAnswered: true, detail: '0.3 is above the maximum of 0.01' };
const SLOW_ANSWER = 10;

test('a gate that nobody wants is not asked', async () => {
  const bench = new Bench();
  await bench.pass(60);
  assert.deepEqual([bench.asked, bench.open()], [[], undefined]);
});

test('a wanted gate is asked at once, and then every 15 seconds', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(31);
  assert.deepEqual(bench.asked, ['slo at 0', 'slo at 15', 'slo at 30']);
  assert.equal(bench.gates.states().get('slo')?.askedAt, 30 * SECOND);
});

test('wanting it again asks no more often', async () => {
  const bench = new Bench();
  for (let second = 0; second < 29; second++) {
    bench.gates.want(new Set(['slo']));
    await bench.pass(1);
  }
  assert.deepEqual(bench.asked, ['slo at 0', 'slo at 15']);
});

test('age and next question count from the last question, however long its answer takes', async () => {
  const bench = new Bench();
  bench.answer = async () => {
    bench.now += SLOW_ANSWER * SECOND;
    return OPEN;
  };
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  assert.equal(bench.gates.states().get('slo')?.askedAt, 0);
  await bench.pass(9);
  assert.deepEqual(bench.asked, ['slo at 0', 'slo at 15']);
});

test('a gate that is not wanted any more is not asked, and its last answer keeps its age', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  bench.gates.want(new Set());
  await bench.pass(60);
  assert.deepEqual(bench.asked, ['slo at 0']);
  assert.equal(bench.gates.states().get('slo')?.askedAt, 0);
});

test('one that is wanted again later is asked at once', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  bench.gates.want(new Set());
  await bench.pass(59);
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  assert.deepEqual(bench.asked, ['slo at 0', 'slo at 60']);
});

test('a change is told, and a repeated answer is not', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(31);
  assert.equal(bench.changes, 1);
  bench.answer = async () => CLOSED;
  await bench.pass(30);
  assert.deepEqual([bench.changes, bench.open()], [2, false]);
  bench.answer = async () => unanswered('HTTP 500');
  await bench.pass(15);
  assert.deepEqual([bench.changes, bench.open()], [3, false]);
});

test('an answer after a time without one is a change, though it is the same: the one before no longer counted', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  bench.gates.want(new Set());
  await bench.pass(59);
  assert.equal(bench.changes, 1);
  bench.gates.want(new Set(['slo']));
  await bench.pass(16);
  assert.equal(bench.changes, 2);
});

test('a slow gate does not keep another one waiting', async () => {
  const bench = new Bench();
  bench.answer = (gate) => (gate.name === 'slo' ? new Promise(() => undefined) : Promise.resolve(OPEN));
  bench.gates.want(new Set(['slo', 'other']));
  await bench.pass(20);
  assert.deepEqual(bench.asked, ['slo at 0', 'other at 0', 'other at 15']);
  assert.deepEqual([bench.open(), bench.open('other')], [undefined, true]);
});

test('an answer to a gate that the policy has changed since counts no more', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  bench.policy = policy({ metricGates: [STRICT] });
  assert.equal(bench.open(), undefined);
  bench.gates.want(new Set(['slo']));
  await bench.pass(0);
  assert.deepEqual([bench.asked, bench.open()], [['slo at 0', 'slo at 1'], true]);
});

test('an answer that comes after the change counts no more either', async () => {
  const bench = new Bench();
  const late = Promise.withResolvers<typeof OPEN>();
  bench.answer = (gate) => (gate === SLO ? late.promise : Promise.resolve(CLOSED));
  bench.gates.want(new Set(['slo']));
  bench.policy = policy({ metricGates: [STRICT] });
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  late.resolve(OPEN);
  await bench.pass(1);
  assert.equal(bench.open(), false);
});

test('a gate that the policy no longer has is not asked', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  bench.policy = policy();
  await bench.pass(60);
  assert.deepEqual([bench.asked, bench.open()], [['slo at 0'], undefined]);
});

test('nothing is asked after the end', async () => {
  const bench = new Bench();
  bench.gates.want(new Set(['slo']));
  await bench.pass(1);
  bench.stop.abort();
  await bench.pass(60);
  assert.deepEqual(bench.asked, ['slo at 0']);
});
