import assert from 'node:assert/strict';
import type { Labels, Workload } from '../../../src/model.ts';
import {
  ANNOTATION,
  FORTSA_RESTARTED_AT,
  RESTART_ANNOTATION,
  RESTARTED_AT,
  RETRY,
  WINDOW_ANNOTATION,
} from '../../../src/names.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { plan } from '../../../src/plan/plan.ts';
import { rowsOf } from '../../../src/report/row.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { context } from '../../builders/policy.ts';
import { assessed, HOUR } from '../../builders/workload.ts';

const COUNT = 150;
/** All annotations of an object together may have as much. */
const LARGEST = 256 * 1024;
const filled = (piece: string): string => piece.repeat(Math.floor(LARGEST / piece.length));

const OURS: Labels = recorded(restarted(HOUR, 'verified'));
const TEMPLATE: Labels = { [RESTARTED_AT]: '2025-01-01T00:00:00Z' };

/** So many Deployments as one scan after the other sees them: each time as objects of their own. */
const seen = (annotations: Labels, template: Labels): Assessed[] =>
  Array.from({ length: COUNT }, (_, i) => {
    const given: Partial<Workload> = {
      name: `w${i}`,
      annotations: { ...annotations },
      template: { labels: {}, annotations: { ...template }, spec: {} },
    };
    return assessed(given);
  });

/** Milliseconds that a plan and its rows take, at their best of some. */
function cost(annotations: Labels, template: Labels = TEMPLATE): number {
  const times = Array.from({ length: 7 }, () => {
    const all = seen(annotations, template);
    const began = performance.now();
    rowsOf(plan(all, context()));
    return performance.now() - began;
  });
  return Math.min(...times);
}

const fields = [...Object.values(ANNOTATION), RETRY, RESTART_ANNOTATION, WINDOW_ANNOTATION];
const pieces = ['49,', 'Mon 01:00-02:00 UTC;', '2025-01-01T00:00:00Z ok,', ' ', 'x'];
const hostile: [string, Labels, Labels][] = [
  ...fields.flatMap((field) =>
    pieces.map((piece): [string, Labels, Labels] => [
      `${field}: "${piece}…"`,
      { ...OURS, [field]: filled(piece) },
      TEMPLATE,
    ]),
  ),
  ...[RESTARTED_AT, FORTSA_RESTARTED_AT].map((field): [string, Labels, Labels] => [
    `${field} of the template`,
    OURS,
    { [field]: filled('1 ') },
  ]),
  ['an annotation of somebody else', { ...OURS, 'example.com/note': filled('49,') }, TEMPLATE],
];

test(`${COUNT} Deployments with 256 KiB of text cost about as much as plain ones, whatever it stands in`, () => {
  cost(OURS);
  const plain = cost(OURS);
  for (const [where, annotations, template] of hostile) {
    const took = cost(annotations, template);
    console.info(`${where}: ${took.toFixed(1)} ms, plain ones: ${plain.toFixed(1)} ms`);
    assert.ok(took < 4 * plain + 15, `${where}: ${took.toFixed(1)} ms, plain ones take ${plain.toFixed(1)} ms`);
  }
});
