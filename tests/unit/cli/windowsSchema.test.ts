import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';
import type { Window } from '../../../src/plan/windows/window.ts';

function read(text: string): readonly (string | Window)[] {
  const reading = readPolicy(text);
  if ('problems' in reading) return problemLines('p', reading.problems);
  return policyOf(defaults(), new Set(), reading.policy).windows ?? [];
}

const HOUR = 60 * 60_000;
const TIMES = "start: '22:00', end: '05:00', timeZone: Europe/Athens";
const entry = (text: string): string => `windows: [{${text}}]`;
const night = { name: 'nights', start: 22 * HOUR, end: 5 * HOUR, timeZone: 'Europe/Athens' };
const DAILY = new Set([0, 1, 2, 3, 4, 5, 6]);

const right: [name: string, text: string, windows: readonly Window[]][] = [
  ['no windows', '{}', []],
  ['without days, every day', entry(`name: nights, ${TIMES}`), [{ ...night, days: DAILY }]],
  [
    'days, ranges and filters',
    entry(`name: nights, ${TIMES}, days: [Mon-Wed, Sat], match: [{namespaces: [shop-*]}]`),
    [{ ...night, days: new Set([0, 1, 2, 5]), match: [{ namespaces: ['shop-*'] }] }],
  ],
  [
    'days as in the annotation',
    entry(`name: nights, ${TIMES}, days: ['Mon-Wed,Sat', daily]`),
    [{ ...night, days: new Set([0, 1, 2, 5, 3, 4, 6]) }],
  ],
  [
    'times without quotes stay texts',
    'windows:\n- name: nights\n  start: 22:00\n  end: 05:00\n  timeZone: Europe/Athens',
    [{ ...night, days: DAILY }],
  ],
  [
    'a whole day',
    entry("name: days, start: '00:00', end: '24:00', timeZone: UTC"),
    [{ name: 'days', days: DAILY, start: 0, end: 24 * HOUR, timeZone: 'UTC' }],
  ],
];
for (const [name, text, windows] of right) test(name, () => assert.deepEqual(read(text), windows));

const A_ZONE = 'It must be the name of a time zone, such as Europe/Athens or UTC.';
const A_START = 'It must be a time from 00:00 to 23:59.';

const wrong: [name: string, text: string, ...lines: string[]][] = [
  ['an empty list', 'windows: []', 'p:1:10: windows: is an empty list; leave the key out instead'],
  [
    'what is missing',
    entry('days: [Mon]'),
    'p:1:11: windows[0].name: is missing',
    'p:1:11: windows[0].start: is missing',
    'p:1:11: windows[0].end: is missing',
    'p:1:11: windows[0].timeZone: is missing',
  ],
  [
    'an unknown key',
    entry(`name: nights, ${TIMES}, dayz: [Mon]`),
    'p:1:81: windows[0].dayz: is unknown; did you mean days?',
  ],
  [
    'an unknown key of a filter',
    entry(`name: nights, ${TIMES}, match: [{namespace: [a]}]`),
    'p:1:90: windows[0].match[0].namespace: is unknown; did you mean namespaces?',
  ],
  [
    'a day in small letters',
    entry(`name: nights, ${TIMES}, days: [mon]`),
    "p:1:88: windows[0].days[0]: 'mon' is invalid. " +
      'It must be a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun) or a range such as Mon-Fri.',
  ],
  [
    'no day',
    entry(`name: nights, ${TIMES}, days: []`),
    'p:1:87: windows[0].days: is an empty list; leave the key out instead',
  ],
  [
    'a time that a YAML 1.1 parser has read',
    entry("name: nights, start: 1320, end: '05:00', timeZone: UTC"),
    `p:1:33: windows[0].start: '1320' is invalid. ${A_START} ` +
      "Write it in quotes, such as '22:00': YAML 1.1 takes a time without quotes for a number.",
  ],
  [
    'a time without a leading zero',
    entry("name: nights, start: '9:00', end: '24:01', timeZone: UTC"),
    `p:1:33: windows[0].start: '9:00' is invalid. ${A_START}`,
    "p:1:46: windows[0].end: '24:01' is invalid. It must be a time from 00:00 to 24:00.",
  ],
  [
    'an end that is the start',
    entry("name: nights, start: '22:00', end: '22:00', timeZone: UTC"),
    'p:1:47: windows[0].end: is the same as start. It must be another time than the start. ' +
      'A whole day is from 00:00 to 24:00.',
  ],
  [
    'a time zone that is nearly one',
    entry(`name: nights, ${TIMES.replace('Athens', 'Athen')}`),
    `p:1:66: windows[0].timeZone: 'Europe/Athen' is invalid. ${A_ZONE} Did you mean Europe/Athens?`,
  ],
  [
    'a time zone that is none',
    entry(`name: nights, ${TIMES.replace('Europe/Athens', "'+02:00'")}`),
    `p:1:66: windows[0].timeZone: '+02:00' is invalid. ${A_ZONE}`,
  ],
  [
    'a name twice',
    `windows: [{name: a, ${TIMES}}, {name: a, ${TIMES}}]`,
    "p:1:84: windows[1].name: 'a' is given twice. Choose another name than windows[0] has.",
  ],
  [
    'a name with blanks',
    entry(`name: at night, ${TIMES}`),
    "p:1:18: windows[0].name: 'at night' is invalid. " +
      'It must have at most 63 lower-case letters, digits and dashes, and begin and end with a letter or digit.',
  ],
  [
    'too many',
    `windows: [${Array.from({ length: 101 }, (_, i) => `{name: w${i}, ${TIMES}}`).join()}]`,
    'p:1:10: windows: must have at most 100 entries',
  ],
];
for (const [name, text, ...lines] of wrong) test(`${name} is a mistake`, () => assert.deepEqual(read(text), lines));
