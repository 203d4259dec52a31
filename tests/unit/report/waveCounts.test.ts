import assert from 'node:assert/strict';
import type { WaveProgress, WaveState } from '../../../src/plan/wave.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { WaveCounts } from '../../../src/report/waveCounts.ts';
import { evaluation } from '../../builders/evaluation.ts';

const progress = (name: string, state: WaveState, given: Partial<WaveProgress> = {}): WaveProgress => ({
  name,
  state,
  total: 0,
  current: 0,
  inFlight: 0,
  failed: 0,
  waiting: 0,
  ...given,
});

async function lines(metrics: Metrics): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith('meltemi_wave_') && !line.endsWith(' 0'));
}

test('a wave counts over all runs, and its state is that which needs most attention', async () => {
  const metrics = new Metrics('1');
  const counts = new WaveCounts(metrics);
  const rest = progress('rest', 'waiting', { waiting: 4 });
  counts.evaluated(
    evaluation([], {
      waves: [
        { run: 'a', waves: [progress('dev', 'done', { current: 3 }), rest] },
        { run: 'b', waves: [progress('dev', 'failed', { current: 1, failed: 1, inFlight: 2 }), rest] },
      ],
    }),
  );
  assert.deepEqual(await lines(metrics), [
    'meltemi_wave_workloads{wave="dev",state="current"} 4',
    'meltemi_wave_workloads{wave="dev",state="in-flight"} 2',
    'meltemi_wave_workloads{wave="dev",state="failed"} 1',
    'meltemi_wave_workloads{wave="rest",state="waiting"} 8',
    'meltemi_wave_state{wave="dev",state="failed"} 1',
    'meltemi_wave_state{wave="rest",state="waiting"} 1',
  ]);
});

test('without waves in the policy, and when it leads no longer, there are none', async () => {
  const metrics = new Metrics('1');
  const counts = new WaveCounts(metrics);
  const waves = [progress('dev', 'running', { waiting: 1 }), progress('rest', 'done')];
  const given = evaluation([], { waves: [{ run: 'a', waves }] });
  for (const end of [
    () => metrics.leads(false),
    () =>
      counts.evaluated(evaluation([], { waves: [{ run: 'a', waves: [progress('rest', 'running', { waiting: 1 })] }] })),
  ]) {
    counts.evaluated(given);
    assert.equal((await lines(metrics)).length, 3);
    end();
    assert.deepEqual(await lines(metrics), []);
  }
});
