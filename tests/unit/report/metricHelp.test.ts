import assert from 'node:assert/strict';
import { Metrics } from '../../../src/report/metrics.ts';

/** Labels whose values are words of ours, which queries have to name. */
const WORDS: ReadonlySet<string> = new Set(['result', 'state', 'estimate', 'receiver']);

test('the help of a metric has every word that its labels may have', async () => {
  const metrics = new Metrics('1.2.3');
  metrics.evaluated(new Map(), new Map(), 0);
  metrics.waves([{ name: 'first', state: 'done', current: 1, inFlight: 0, failed: 0, waiting: 0 }]);
  const all = await metrics.registry.getMetricsAsJSON();
  const said = all.flatMap(({ name, help, values }) =>
    values.flatMap(({ labels }) =>
      Object.entries(labels).flatMap(([label, word]) => (WORDS.has(label) ? [{ name, help, word: String(word) }] : [])),
    ),
  );
  assert.ok(new Set(said.map(({ name }) => name)).size >= 7);
  const missing = said.filter(({ help, word }) => !help.includes(word)).map(({ name, word }) => `${name}: ${word}`);
  assert.deepEqual([...new Set(missing)], []);
});
