import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { EventDraft } from '../../../src/model.ts';
import { reason } from '../../../src/reasons.ts';
import { cut, escaped, escapedBytes } from '../../../src/report/escaped.ts';
import { explanation } from '../../../src/report/explanation.ts';
import { logLine } from '../../../src/report/logger.ts';
import { jsonPieces, jsonText, yamlText } from '../../../src/report/machineText.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { planTable } from '../../../src/report/planTable.ts';
import { Report } from '../../../src/report/report.ts';
import { type Row, rowOf, rowsOf } from '../../../src/report/row.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { assessed, expected, injection } from '../../builders/workload.ts';
import { diceFor } from '../fuzz/dice.ts';

/** What a terminal, a log viewer or an editor would act on, or show as nothing; written apart from the code that escapes it. */
const HOSTILE: readonly [name: string, text: string][] = [
  ['a new line', 'a\nb'],
  ['a carriage return', 'a\rb'],
  ['a tab', 'a\tb'],
  ['a null character', 'a\u0000b'],
  ['a backspace', 'a\bb'],
  ['a bell', 'a\u0007b'],
  ['a cleared screen', '\u001b[2J'],
  ['a clipboard write (OSC 52)', '\u001b]52;c;eA==\u0007'],
  ['a link (OSC 8) with a C1 terminator', '\u001b]8;;http://x\u009c'],
  ['a C1 control sequence introducer', '\u009b31m'],
  ['a next-line control', 'a\u0085b'],
  ['a delete', 'a\u007fb'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['a right-to-left override', 'a\u202eb'],
  ['a right-to-left embedding', 'a\u202bb'],
  ['an isolate', 'a\u2067b\u2069'],
  ['a right-to-left mark', 'a\u200fb'],
  ['an Arabic letter mark', 'a\u061cb'],
  ['a zero-width space', 'a\u200bb'],
  ['a zero-width joiner', 'a\u200db'],
  ['a byte order mark', 'a\ufeffb'],
  ['a soft hyphen', 'a\u00adb'],
  ['a word joiner', 'a\u2060b'],
  ['a Hangul filler', 'a\u3164b'],
  ['a tag character', 'a\u{e0041}b'],
  ['a variation selector', 'a\ufe0fb'],
  ['half a surrogate pair', 'a\ud800b'],
  ['the other half', 'a\udc00b'],
];

const HOSTILE_CHARACTERS = [...new Set(HOSTILE.flatMap(([, text]) => [...text].filter((one) => !/[ -~]/.test(one))))];
const acts = (text: string): boolean => [...text].some((one) => one !== '\n' && HOSTILE_CHARACTERS.includes(one));
const lines = (text: string): number => text.split('\n').length;

for (const [name, text] of HOSTILE) {
  test(`${name} is shown as an escape, never acted on`, () => {
    const shown = escaped(text);
    assert.ok(!acts(shown) && !shown.includes('\n'), JSON.stringify(shown));
    assert.match(shown, /\\/);
  });

  test(`JSON, YAML and log lines hold ${name} exactly, without the character itself`, () => {
    const value = { workloads: [{ detail: text, name: 'web' }] };
    for (const made of [jsonText(value, 2), jsonText(value), logLine(value)]) {
      assert.ok(!acts(made), JSON.stringify(made));
      assert.deepEqual(JSON.parse(made), value);
    }
    const yaml = yamlText(value);
    assert.ok(!acts(yaml), JSON.stringify(yaml));
    assert.deepEqual(parse(yaml), value);
    assert.equal(lines(logLine(value)), 1);
  });
}

const MANY = Array.from({ length: 3000 }, (_, index) => ({ name: `w${index}`, lists: [[], [index, { deep: true }]] }));
const inPieces: [string, Record<string, unknown>][] = [
  ['nothing', {}],
  ['fields that are not there', { left: undefined, out: undefined }],
  ['empty lists and objects', { list: [], object: {}, none: null, text: '' }],
  ['lists of everything', { list: [1, 'a', null, undefined, [], {}, { a: [{ b: [1, 2] }] }], after: true }],
  [
    'names and texts that others write',
    Object.fromEntries(HOSTILE.map(([, text]) => [text, [text, { [text]: text }]])),
  ],
  ['a long list between others', { before: [1], list: MANY, left: undefined, after: [{ a: 1 }] }],
];
test.each(inPieces)('in pieces, JSON of %s is the same text', (_, value) =>
  assert.equal([...jsonPieces(value)].join(''), jsonText(value, 2)),
);
test('no piece of a long list is much longer than a page', () =>
  assert.ok([...jsonPieces({ list: MANY })].every(({ length }) => length < 70_000)));

const plain = ['proxyv2:1.31.0 (default)', 'Änderungen bis Montag', '変更凍結', 'a → b – ✔ 3 ×', 'emoji 🚀', 'C:\\new'];
for (const text of plain) test(`"${text}" stays as it is`, () => assert.equal(escaped(text), text));

const cuts: [string, string, number, string][] = [
  ['what fits is whole', 'abcd', 4, 'abcd'],
  ['what does not fit ends in an ellipsis', 'abcde', 4, 'abc…'],
  ['an escape is whole or not there', 'abc\u001b[2J', 8, 'abc…'],
  ['a surrogate pair is not halved', 'ab🚀🚀🚀', 4, 'ab🚀…'],
];
for (const [name, text, limit, result] of cuts) test(name, () => assert.equal(escaped(text, limit), result));

test('bytes: a character of several bytes is not halved, and the ellipsis is counted', () => {
  assert.equal(escapedBytes('ääää', 8), 'ääää');
  assert.equal(escapedBytes('äääää', 8), 'ää…');
  assert.equal(escapedBytes('🚀🚀🚀', 8), '🚀…');
});

test('a log field is cut at whole characters', () => assert.equal(cut('🚀🚀🚀', 2), '🚀…'));

test('any mixture of characters: inert, within its limit, exact where machines read it', () => {
  for (let index = 0; index < 3000; index += 1) {
    const dice = diceFor(26, index);
    const text = Array.from({ length: dice.below(40) }, () =>
      dice.once(2) ? dice.pick(HOSTILE_CHARACTERS) : String.fromCharCode(dice.below(0x10000)),
    ).join('');
    const limit = 4 + dice.below(60);
    const shown = escaped(text, limit);
    assert.ok(!acts(shown) && !shown.includes('\n') && [...shown].length <= limit, `${index}: ${JSON.stringify(text)}`);
    assert.ok(Buffer.byteLength(escapedBytes(text, limit)) <= limit, `${index}`);
    assert.equal(Buffer.from(escapedBytes(text, limit)).toString(), escapedBytes(text, limit), `${index}`);
    assert.equal(JSON.parse(jsonText({ text })).text, text, `${index}`);
    assert.equal(parse(yamlText({ text })).text, text, `${index}: ${JSON.stringify(text)}`);
  }
});

const LONG = 'x'.repeat(256 * 1024);

test('the work on an endless text is bounded by what is shown of it', () => {
  const began = performance.now();
  for (let round = 0; round < 200; round += 1) escaped(LONG);
  assert.ok(performance.now() - began < 1000);
});

/** A row in which everything that others write is this text. */
const forged = (text: string): Row => ({
  ...rowOf({ ...assessed(), step: { action: 'none' } }),
  kind: 'Deployment',
  namespace: text,
  name: text,
  action: 'wait',
  reason: 'paused',
  detail: text,
  from: text,
  to: text,
  revision: text,
  webhook: text,
  until: text,
});
const honest = rowOf({ ...assessed({ name: 'web' }), step: { action: 'none' } });

for (const [name, text] of HOSTILE) {
  test(`the table has a line a workload whatever they hold: ${name}`, () => {
    const table = planTable([forged(text), honest], { colour: false, all: true });
    assert.equal(lines(table), lines(planTable([honest, honest], { colour: false, all: true })));
    assert.ok(!acts(table), JSON.stringify(table));
  });
}

test('one long text does not widen the table for the others, nor itself without end', () => {
  const table = planTable([forged(LONG), honest], { colour: false, all: true }).split('\n');
  const line = table.find((one) => one.includes('Deployment/web')) ?? '';
  assert.ok(line.length < 400, String(line.length));
  assert.ok(table.every((one) => one.length < 800));
});

test('that a restart is an outage is said whatever else is', () => {
  const outage: Row = { ...forged(LONG), outage: true };
  assert.match(
    planTable([outage], { colour: false, all: true }),
    /; causes an outage: all its pods may be down at once\n/,
  );
});

function explained(text: string, labels: Record<string, string>): string {
  const one = assessed(
    { name: text, template: { labels, annotations: labels, spec: {} } },
    {
      state: 'outdated',
      expected: expected({ image: text, revision: text }),
      actual: { image: text, revision: text, placement: 'container', injected: true },
      drifts: ['image'],
      outdatedPods: 1,
      outdatedGroups: [],
      pods: 1,
    },
  );
  const { entry } = injection();
  return explanation({
    assessed: one,
    mesh: {
      injections: [injection({ entry: { ...entry, configuration: text, name: text } })],
      namespaces: new Map([['shop', { labels, annotations: {} }]]),
    },
    row: rowOf({ ...one, step: { action: 'wait', reason: reason('paused', text) } }),
    rules: { compareHub: false, ignoreDigest: false, restartOn: new Set(['image'] as const) },
  });
}

for (const [name, text] of HOSTILE) {
  test(`an explanation has the same lines whatever they hold: ${name}`, () => {
    const shown = explained(text, { note: text });
    assert.ok(!acts(shown), JSON.stringify(shown));
    assert.equal(lines(shown), lines(explained('plain', { note: 'plain' })));
  });
}

test('an annotation of 256 KiB, or thousands of small ones, do not fill the terminal with an explanation', () => {
  assert.ok(explained(LONG, { note: LONG }).length < 10_000);
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 'v']));
  const shown = explained('x', many);
  assert.ok(lines(shown) < 500, String(lines(shown)));
  assert.match(shown, /… and 19\d\d\d more/);
});

test('a log line has an end whatever its fields hold', () => {
  const line = logLine({ msg: 'Decided', detail: LONG, list: Array(10_000).fill(LONG), row: { to: LONG } });
  assert.ok(line.length < 100_000, String(line.length));
  assert.equal(JSON.parse(line).detail.length, 1000);
});

/** The Event messages that come of a workload, an injector and a policy file that say this. */
async function messages(text: string): Promise<string[]> {
  const events: EventDraft[] = [];
  const report = new Report({
    logger: { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} },
    metrics: new Metrics('0.0.0'),
    cluster: { emit: async (draft) => void events.push(draft) },
    namespace: 'mesh',
  });
  const one = assessed();
  report.reachable(injection(), text);
  report.ended(one, 'failed:timeout', text);
  report.policyRejected(text, [text, text]);
  await report.evaluated(evaluation([{ ...one, step: { action: 'wait', reason: reason('halted', text) } }]));
  return events.map(({ message }) => message);
}

for (const [name, text] of [...HOSTILE, ['256 KiB', LONG], ['wide characters', '変'.repeat(5000)]] as const) {
  test(`Event messages are one inert line of at most 1024 bytes: ${name}`, async () => {
    const all = await messages(text);
    assert.ok(all.length >= 4);
    for (const message of all) {
      assert.ok(!acts(message) && !message.includes('\n'), JSON.stringify(message));
      assert.ok(Buffer.byteLength(message) <= 1024);
      assert.ok(!message.includes('\ufffd'));
    }
  });
}

test('rows of real verdicts are escaped too: an annotation that forges a row', () => {
  const evil = assessed({ annotations: { 'meltemi.dev/restart': '\u001b[2J\nshop  Deployment/cart  current' } });
  const step = { action: 'wait', reason: reason('opted-out', 'a\nb') } as const;
  const table = planTable(rowsOf({ items: [{ ...evil, step }] }), { colour: false, all: false });
  assert.equal(lines(table), 5);
});
