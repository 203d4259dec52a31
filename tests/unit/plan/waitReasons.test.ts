import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { GATES } from '../../../src/plan/gates/gates.ts';
import { LIMITS } from '../../../src/plan/limits/limits.ts';
import { RULES } from '../../../src/plan/rules/rules.ts';
import type { WaitReason } from '../../../src/plan/wait.ts';

const all: readonly WaitReason[] = [...RULES, ...LIMITS];

test('rules and limits with the same code share its help, its end and its interval', () => {
  for (const group of Map.groupBy(all, ({ code }) => code).values())
    for (const one of group) assert.deepEqual(pick(one), pick(group[0]));
});

const pick = ({ help, ends, lookAgain }: WaitReason = { code: '', help: '', ends: '', lookAgain: 0 }) => ({
  help,
  ends,
  lookAgain,
});

const listed: [room: string, list: readonly WaitReason[], others: string[]][] = [
  ['rules', RULES.filter(({ code }) => GATES.every((gate) => gate.code !== code)), ['gateRule', 'optInAnnotation']],
  ['gates', GATES, ['gate']],
  ['limits', LIMITS, ['counts', 'inFlightBy', 'limit']],
];
for (const [room, list, others] of listed)
  test(`every file of ${room} is in the list`, () => {
    const files = globSync(`src/plan/${room}/*.ts`).map((file) => basename(file, '.ts'));
    assert.equal(files.filter((name) => name !== room && !others.includes(name)).length, list.length);
  });
