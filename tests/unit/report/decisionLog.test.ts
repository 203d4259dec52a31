import assert from 'node:assert/strict';
import type { Planned, Step } from '../../../src/plan/plan.ts';
import type { WaitCode } from '../../../src/plan/waitReasons.ts';
import { DecisionLog } from '../../../src/report/decisionLog.ts';
import type { Logger } from '../../../src/report/logger.ts';
import type { Row } from '../../../src/report/row.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { assessed } from '../../builders/workload.ts';

const waits = (code: WaitCode, isQueued?: true): Step => ({
  action: 'wait',
  reason: { code, detail: '' },
  ...(isQueued && { isQueued }),
});
const SLOTS = waits('max-in-flight', true);
const NAMESPACE = waits('max-in-flight-per-namespace', true);
const WINDOW = waits('window');
const RESTART: Step = { action: 'restart' };

/** What is logged of a workload that is planned so, one evaluation after the other. */
async function logged(...steps: Step[]): Promise<string[]> {
  const lines: string[] = [];
  const info = (_words: string, { reason, action }: Row): void => void lines.push(reason || action);
  const log = new DecisionLog({ info, debug: info } as unknown as Logger);
  for (const [turn, step] of steps.entries()) {
    const planned = { ...assessed(), step } as Planned;
    const changes = { changed: [planned], gone: [] };
    await log.evaluated(evaluation([planned], { serial: turn + 1, ...(turn > 0 && { changes }) }));
  }
  return lines;
}

const rows: [string, Step[], string[]][] = [
  ['a decision is logged when it changes', [WINDOW, WINDOW, RESTART], ['window', 'restart']],
  [
    'limits that take turns are logged once each',
    [SLOTS, NAMESPACE, SLOTS, NAMESPACE],
    [reason(SLOTS), reason(NAMESPACE)],
  ],
  [
    'who comes back to the queue is told its limits again',
    [SLOTS, NAMESPACE, WINDOW, NAMESPACE, SLOTS],
    [reason(SLOTS), reason(NAMESPACE), 'window', reason(NAMESPACE), reason(SLOTS)],
  ],
  ['other reasons are logged as often as they come', [WINDOW, RESTART, WINDOW], ['window', 'restart', 'window']],
];
for (const [what, steps, lines] of rows) test(what, async () => assert.deepEqual(await logged(...steps), lines));

function reason(step: Step): string {
  return 'reason' in step ? step.reason.code : '';
}
