import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import type { Gate } from '../../src/plan/gates/gate.ts';
import type { Limit } from '../../src/plan/limits/limit.ts';
import type { Rule } from '../../src/plan/rule.ts';
import { becalmed } from '../recipes/becalmed.ts';
import { lowTide } from '../recipes/lowTide.ts';
import { narrowChannel } from '../recipes/narrowChannel.ts';
import { LISTS } from '../recipes/withWaits.ts';

// what is imported by `await` knows the made-up rule, gate and limit
const { SETTINGS } = await import('../../src/cli/settings.ts');
const { plan } = await import('../../src/plan/plan.ts');
const { lookAgainAfter } = await import('../../src/plan/waitReasons.ts');
const { context, policy } = await import('../builders/policy.ts');
const { assessed, expected, outdated } = await import('../builders/workload.ts');
const { generatedDocs } = await import('./generatedDocs.ts');

const towardsEbb = assessed({}, outdated({ expected: expected({ revision: 'ebb' }) }));

/** Each with workloads of which it lets the last one wait, and what it says of that. */
const ROWS = {
  rule: {
    added: becalmed,
    workloads: [assessed({ annotations: { 'example.meltemi.dev/wind': 'none' } })],
    detail: 'the wind is none',
    seconds: 45,
  },
  gate: { added: lowTide, workloads: [towardsEbb], detail: 'the harbour has fallen dry', seconds: 90 },
  limit: {
    added: narrowChannel,
    workloads: [assessed({ name: 'ship-1' }), assessed({ name: 'ship-2' })],
    detail: '1 in the channel',
    seconds: 15,
  },
} as const;

for (const [what, { added, workloads, detail, seconds }] of Object.entries(ROWS))
  describe(`a ${what} that has a file and a line in the list`, () => {
    test('lets a workload wait with its code', () => {
      const step = plan(workloads, context()).items.at(-1)?.step;
      assert.deepEqual(step?.action === 'wait' && step.reason, { code: added.code, detail });
    });

    test('lets others be restarted', () => {
      const { items } = plan([assessed({ name: 'boat' })], context());
      assert.deepEqual(items[0]?.step, { action: 'restart' });
    });

    test('has a row in the table of reasons', () => {
      const reasons = generatedDocs().get('docs/reasons.md')?.split('\n') ?? [];
      assert.equal(reasons.filter((row) => row.includes(`\`${added.code}\``) && row.includes(added.help)).length, 1);
    });

    test('says after how long the workload is read again', () =>
      assert.equal(lookAgainAfter(added.code), seconds * 1000));
  });

const { ignoreGate } = SETTINGS;

test('the made-up gate is a word of the flag that ignores gates, with its help and its completion', () => {
  assert.ok(ignoreGate.help.includes('low-tide'), ignoreGate.help);
  assert.deepEqual(
    ignoreGate.words?.map(String).filter((word) => word === 'low-tide'),
    ['low-tide'],
  );
});

test('a gate that the flag names lets workloads be restarted', () => {
  const ignoring = policy({ ignoreGate: new Set(ignoreGate.parse('low-tide')) });
  assert.deepEqual(plan([towardsEbb], context({ policy: ignoring })).items[0]?.step, { action: 'restart' });
});

test('a rule, a gate or a limit that does not say how soon to look again does not compile', () => {
  const { lookAgain: _rule, ...rule } = becalmed;
  const { lookAgain: _gate, ...gate } = lowTide;
  const { lookAgain: _limit, ...limit } = narrowChannel;
  // @ts-expect-error: no lookAgain
  const forgetfulRule: Rule = rule;
  // @ts-expect-error: no lookAgain
  const forgetfulGate: Gate = gate;
  // @ts-expect-error: no lookAgain
  const forgetfulLimit: Limit = limit;
  for (const one of [forgetfulRule, forgetfulGate, forgetfulLimit]) assert.equal(one.lookAgain, undefined);
});

test('the recipe names the lists, and every file that it names exists', () => {
  const [, recipe = ''] =
    /^### A rule, a gate, a limit\n([\s\S]*?)(?=^##)/m.exec(readFileSync('CONTRIBUTING.md', 'utf8')) ?? [];
  const named = [...recipe.matchAll(/`((?:src|tests|docs)\/[^`\s]+)`/g)].map(([, file = '']) => file);
  for (const list of Object.values(LISTS)) assert.ok(named.includes(list.slice(1)), `${list} in ${named}`);
  assert.deepEqual(
    named.filter((file) => !existsSync(file)),
    [],
  );
});
