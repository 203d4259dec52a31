import assert from 'node:assert/strict';
import { BuildWork, type Package } from './buildWork.ts';
import { shareText, spanText } from './progress.ts';

const BYTES: Readonly<Record<string, number>> = { 'k8s.io/large': 6_940_000, 'k8s.io/small': 440_000 };
const ALL = Object.keys(BYTES);
const sizeOf = ({ ImportPath }: Package): number => BYTES[ImportPath] ?? 0;
const packages = (stale: readonly string[]): Package[] =>
  ALL.map((path) => ({ ImportPath: path, Name: 'some', Stale: stale.includes(path) }));

interface Row {
  readonly name: string;
  readonly stale?: readonly string[];
  readonly programs?: readonly string[];
  readonly compiled?: readonly string[];
  readonly linked?: readonly string[];
  readonly percent: number;
}

// packages of 7,000,000 and 500,000, and 1,500,000 for each program that is linked
const rows: readonly Row[] = [
  { name: 'nothing is done at first', percent: 0 },
  { name: 'a large package is more', compiled: ['k8s.io/large'], percent: 66 },
  { name: 'than a small one', compiled: ['k8s.io/small'], percent: 4 },
  { name: 'a package that Go names twice counts once', compiled: ['k8s.io/small', 'k8s.io/small'], percent: 4 },
  { name: 'other lines that Go writes do not count', compiled: ['# a warning', 'k8s.io/other'], percent: 0 },
  { name: 'with all packages, linking is left', compiled: ALL, percent: 71 },
  { name: 'a program that is linked counts', compiled: ALL, linked: ['one'], percent: 85 },
  { name: 'with all programs it is done', compiled: ALL, linked: ['one', 'other'], percent: 100 },
  { name: 'what is in Go’s cache is no work', stale: [], linked: ['one'], percent: 50 },
  { name: 'a build without work is done', stale: [], programs: [], percent: 100 },
];

describe('how much of a build is done', () => {
  for (const { name, stale = ALL, programs = ['one', 'other'], compiled = [], linked = [], percent } of rows)
    test(name, () => {
      const work = new BuildWork(packages(stale), programs, sizeOf);
      for (const path of compiled) work.compiled(path);
      assert.equal(Math.floor(work.share((program) => linked.includes(program)) * 100), percent);
    });
});

describe('how long it takes in words', () => {
  for (const [seconds, text] of [
    [0.4, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [440, '7 min 20 s'],
  ] as const)
    test(text, () => assert.equal(spanText(seconds), text));

  test('early on, the time left is not guessed', () => assert.equal(shareText(0.01, 10), `${'░'.repeat(24)} 1 %`));
  test('later it follows from what is done', () =>
    assert.equal(shareText(0.25, 100), `${'█'.repeat(6)}${'░'.repeat(18)} 25 %, about 5 min left`));
});
