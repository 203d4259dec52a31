import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { explainText, parseReason } from '../../../src/cli/explainCommand.ts';
import { REASONS } from '../../../src/plan/reasonCatalogue.ts';
import { meltemi } from './ran.ts';

const CODES = [...REASONS.keys()];

test('a reason is explained in full: what it means, and what ends it', () =>
  assert.equal(
    explainText('max-in-flight', 'text'),
    [
      'max-in-flight, the reason of a wait: an outdated workload is not restarted yet',
      '',
      '  The limit of restarts in flight is reached.',
      '',
      'What ends it:',
      '  Another restart ends. Or raise --max-in-flight.',
      '',
    ].join('\n'),
  ));

test('without a reason all are listed, each on one line', () => {
  const lines = explainText(undefined, 'text').split('\n');
  assert.deepEqual(
    lines.slice(0, CODES.length).map((line) => line.split(' ')[0]),
    CODES,
  );
  assert.match(lines[0] ?? '', /^not-injected +No injector entry matches the pods of this workload, and its pods/);
  assert.deepEqual(lines.slice(CODES.length), ['', '"meltemi explain REASON" says more, and what ends it.', '']);
});

for (const [format, read] of [
  ['json', (text: string) => JSON.parse(text)],
  ['yaml', (text: string) => parse(text)],
] as const) {
  test(`${format} has one reason in a list of one`, () =>
    assert.deepEqual(read(explainText('paused', format)), {
      reasons: [
        {
          reason: 'paused',
          of: 'wait',
          meaning: 'The rollout is paused.',
          ends: 'You resume the rollout: kubectl rollout resume.',
        },
      ],
    }));

  test(`${format} has all reasons in the order of the catalogue`, () =>
    assert.deepEqual(
      read(explainText(undefined, format)).reasons.map(({ reason }: { reason: string }) => reason),
      CODES,
    ));
}

for (const code of CODES)
  test(`${code} says in sentences what it means and what ends it`, () => {
    const { help = '', ends = '' } = REASONS.get(code) ?? {};
    for (const text of [help, ends]) assert.match(text, /^[A-Z`ia-z-].*[.)]$/);
    assert.ok(
      explainText(code, 'text')
        .split('\n')
        .every((line) => line.length <= 100),
      'lines fit a terminal',
    );
    assert.ok(!explainText(code, 'text').includes('`'), 'no Markdown');
  });

const unknown: [given: string, meant: RegExp][] = [
  ['max-inflight', /Did you mean max-in-flight\?/],
  ['Rolling', /Did you mean rolling\?/],
  ['xyzzy', /There is no reason "xyzzy"\. "meltemi explain" lists them all\.$/],
];
for (const [given, meant] of unknown)
  test(`"${given}" does not exist`, () => assert.throws(() => parseReason(given), meant));

test('the command prints it, and exits with 2 for a reason that does not exist', async () => {
  const [all, one, none] = await Promise.all([
    meltemi(['explain']),
    meltemi(['explain', 'paused', '-o', 'json']),
    meltemi(['explain', 'pused']),
  ]);
  assert.deepEqual([all.code, all.out, all.error], [0, explainText(undefined, 'text'), '']);
  assert.deepEqual([one.code, one.out], [0, explainText('paused', 'json')]);
  assert.equal(none.code, 2);
  assert.match(none.error, /^error: .*There is no reason "pused"\. Did you mean paused\?/);
});
