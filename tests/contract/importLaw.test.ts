import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { type Import, importsOf, roomOf, type Sources, withoutComments } from './sourceImports.ts';

/** What a room may import besides itself: rooms, files at the root of `src`, packages. */
interface Allowed {
  readonly values: readonly string[];
  /** Besides these, types of: they carry no data and no behaviour. */
  readonly types?: readonly string[];
}

/** Everything may use the nouns and the small pure functions. */
const NOUNS = [
  'areSame.ts',
  'atOnce.ts',
  'backOff.ts',
  'counted.ts',
  'excerpt.ts',
  'fieldTypes.ts',
  'forgetOldest.ts',
  'messageOf.ts',
  'model.ts',
  'names.ts',
  'reasons.ts',
  'remembered.ts',
  'rfc3339.ts',
  'sayOnce.ts',
  'sortedKeys.ts',
  'weakValueMap.ts',
];

/**
 * The import law: a room is a folder of `src`, or a file at its root. The data goes watch → expect → compare → plan → restart → report;
 * `cluster`, `journal`, `leader`, `observe` and `pods` lie beside. A room that is not listed here may not exist, and what a row does not
 * list may not be imported.
 */
const LAW: Readonly<Record<string, Allowed>> = {
  'areSame.ts': { values: [] },
  'atOnce.ts': { values: [] },
  'backOff.ts': { values: [] },
  'counted.ts': { values: [] },
  'excerpt.ts': { values: [] },
  'fieldTypes.ts': { values: [] },
  'forgetOldest.ts': { values: [] },
  'remembered.ts': { values: ['forgetOldest.ts'] },
  'loopSlices.ts': { values: ['node:timers/promises'] },
  'steadyWall.ts': { values: [] },
  'messageOf.ts': { values: [] },
  'model.ts': { values: [] },
  'names.ts': { values: [] },
  // the codes that verdicts declare themselves
  'reasons.ts': { values: [], types: ['compare'] },
  'rfc3339.ts': { values: [] },
  'sayOnce.ts': { values: [] },
  'sortedKeys.ts': { values: [] },
  'weakValueMap.ts': { values: [] },
  'version.ts': { values: ['package.json'] },
  // a kind names its actuator
  kinds: { values: [...NOUNS, 'restart'] },
  cluster: {
    values: [
      ...NOUNS,
      'kinds',
      'loopSlices.ts',
      '@kubernetes/client-node',
      'node:crypto',
      'node:fs',
      'node:net',
      'node:os',
      'node:path',
      // a port-forward is a stream of bytes
      'node:stream',
      'node:timers/promises',
      'node:util',
      'undici',
      'yaml',
    ],
    types: ['pods', 'node:https'],
  },
  pods: { values: [...NOUNS, 'cluster', 'node:crypto'] },
  // watch is where the mesh is assembled, so it uses the pure code of expect
  watch: { values: [...NOUNS, 'cluster', 'expect', 'kinds', 'node:fs', 'node:fs/promises', 'node:util'] },
  expect: {
    values: [
      ...NOUNS,
      'cluster',
      'kinds',
      'pods',
      '@bufbuild/cel',
      '@bufbuild/cel/ext',
      'fast-json-patch',
      'node:crypto',
      'node:net',
      'node:timers/promises',
      'node:worker_threads',
      'undici',
      'yaml',
    ],
    types: ['node:stream'],
  },
  compare: { values: [...NOUNS, 'kinds', 'semver'], types: ['expect'] },
  plan: {
    values: [...NOUNS, 'compare', 'expect', 'kinds', 'node:crypto', 'semver', 'temporal-polyfill'],
    types: ['loopSlices.ts', 'observe', 'restart'],
  },
  journal: { values: [...NOUNS, 'compare', 'plan', 'node:util', 'node:zlib'], types: ['observe', 'report'] },
  leader: { values: [...NOUNS, 'cluster', 'node:crypto', 'node:os'], types: ['journal'] },
  observe: {
    values: [...NOUNS, 'loopSlices.ts', 'cluster', 'compare', 'expect', 'kinds', 'plan', 'node:util'],
    types: ['journal', 'pods', 'report'],
  },
  // it asks Prometheus as expect asks injectors, and keeps who waits for an answer since when
  metricGates: { values: [...NOUNS, 'expect', 'plan', 'watch', 'undici'], types: ['journal'] },
  restart: {
    values: [...NOUNS, 'cluster', 'compare', 'expect', 'kinds', 'observe', 'plan'],
    types: ['journal'],
  },
  report: {
    values: [
      ...NOUNS,
      'loopSlices.ts',
      'cluster',
      'compare',
      'expect',
      'kinds',
      'plan',
      '@peculiar/asn1-schema',
      '@peculiar/asn1-x509',
      'node:crypto',
      'node:fs/promises',
      'node:http',
      'node:https',
      'node:net',
      'node:path',
      'node:tls',
      'prom-client',
      'winston',
      'yaml',
    ],
    types: ['leader', 'restart'],
  },
  // the estimate is made in slices, beside the loop
  'etaUpkeep.ts': { values: ['areSame.ts', 'loopSlices.ts', 'plan'] },
  // what others may see of an evaluation, and how a terminal shows it
  status: {
    values: [...NOUNS, 'loopSlices.ts', 'compare', 'expect', 'plan', 'report', 'node:zlib'],
    types: ['journal'],
  },
  // the page shows what `meltemi status` shows; `browser` is the folder of what browsers run
  page: {
    values: [
      ...NOUNS,
      'loopSlices.ts',
      'plan',
      'report',
      'status',
      'node:crypto',
      'node:fs',
      'node:module',
      'node:util',
      'node:zlib',
    ],
    types: ['cluster', 'expect', 'journal', 'node:http', 'node:net'],
  },
  // it sends to a collector what it is told of restarts
  tracing: {
    values: [
      ...NOUNS,
      'compare',
      'plan',
      'report',
      'restart',
      '@opentelemetry/api',
      '@opentelemetry/core',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace',
    ],
  },
  // it sends what the pure files beside it find
  notify: {
    values: [...NOUNS, 'loopSlices.ts', 'expect', 'plan', 'report', 'watch', 'node:crypto', 'node:http', 'node:https'],
    types: ['cluster', 'journal'],
  },
  'operator.ts': {
    values: [
      ...NOUNS,
      'etaUpkeep.ts',
      'loopSlices.ts',
      'steadyWall.ts',
      'expect',
      'journal',
      'observe',
      'plan',
      'restart',
      'watch',
    ],
    types: ['cluster', 'leader', 'metricGates', 'notify', 'report'],
  },
  'wireOperator.ts': {
    values: ['operator.ts', 'expect', 'journal', 'leader', 'metricGates', 'notify', 'observe', 'page', 'status'],
    types: ['cluster', 'report', 'watch'],
  },
  cli: {
    values: [
      ...NOUNS,
      'loopSlices.ts',
      'version.ts',
      'wireOperator.ts',
      'cluster',
      'compare',
      'expect',
      'journal',
      'kinds',
      'leader',
      'metricGates',
      'notify',
      'observe',
      'page',
      'plan',
      'pods',
      'report',
      'status',
      'tracing',
      'watch',
      'commander',
      'node:crypto',
      'node:os',
      'node:path',
      'node:timers/promises',
      'yaml',
      'zod',
    ],
  },
  'main.ts': { values: [...NOUNS, 'version.ts', 'cli', 'report', 'commander', 'node:path'] },
};

/** Data and time come into them as arguments, and decisions go out. */
const PURE_ROOMS = ['compare', 'expect', 'kinds', 'plan'];
/** The files of these rooms that ask injectors, and so have connections, threads or time. */
const ASKING = [
  'answerReader',
  'answerThread',
  'injectorConnection',
  'injectorLine',
  'injectorLines',
  'injectorRoutes',
  'injectors',
  'questioner',
].map((name) => `src/expect/${name}.ts`);
const isPure = (file: string): boolean => PURE_ROOMS.includes(roomOf(file)) && !ASKING.includes(file);
/** Packages that compute and nothing else. */
const PURE_PACKAGES = [
  '@bufbuild/cel',
  '@bufbuild/cel/ext',
  'fast-json-patch',
  'node:crypto',
  'node:util',
  'semver',
  'temporal-polyfill',
  'yaml',
];
const CLOCKS = /\bDate\.now|new Date\(\)|\bset(Timeout|Interval|Immediate)\b|\bperformance\.|Math\.random/;
const IO = /\bprocess\.[a-z]|\bfetch\(|new Worker|\bimport\(/;

const read = (pattern: string): Sources =>
  new Map(globSync(pattern).map((file) => [file, readFileSync(file, 'utf8')] as const));
const sources = read('src/**/*.ts');
const files = [...sources.keys()];
const imports = importsOf(sources);
const code = (file: string): string => withoutComments(sources.get(file) ?? '');
const show = ({ file, target }: Import): string => `${file} imports ${target}`;

/** What these sources do that the law does not allow, in words. */
function breaches(all: Sources): string[] {
  const rooms = new Set([...all.keys()].map(roomOf));
  const unlisted = [...rooms].filter((room) => !LAW[room]).map((room) => `${room} is not listed`);
  const forbidden = importsOf(all).filter(({ file, target, typeOnly }) => {
    const { values = [], types = [] } = LAW[roomOf(file)] ?? {};
    const to = roomOf(target);
    return to !== roomOf(file) && !values.includes(to) && !(typeOnly && types.includes(to));
  });
  return [...unlisted, ...forbidden.map(show)];
}

/** What a pure file does that is not pure, or reaches through whatever it imports, in words. */
function impurities(all: Sources): string[] {
  const values = Map.groupBy(
    importsOf(all).filter(({ typeOnly }) => !typeOnly),
    ({ file }) => file,
  );
  /** How each file was reached. The loop below goes on with what is added meanwhile. */
  const ways = new Map([...all.keys()].filter(isPure).map((file) => [file, file]));
  const found: string[] = [];
  for (const [file, way] of ways) {
    const code = withoutComments(all.get(file) ?? '');
    if (CLOCKS.test(code) || IO.test(code)) found.push(`${way} has a clock, a timer or I/O`);
    const targets = (values.get(file) ?? []).map(({ target }) => target);
    const packages = targets.filter((target) => !target.startsWith('src/') && !PURE_PACKAGES.includes(target));
    found.push(...packages.map((name) => `${way} → ${name}`));
    for (const target of targets)
      if (target.startsWith('src/') && !ways.has(target)) ways.set(target, `${way} → ${target}`);
  }
  return found;
}

test('there is something to check', () => assert.ok(files.length > 30 && imports.length > 100));

test('each room imports what its row allows', () => assert.deepEqual(breaches(sources), []));

test('each row is a room', () => {
  const rooms = new Set(files.map(roomOf));
  assert.deepEqual(
    Object.keys(LAW).filter((room) => !rooms.has(room)),
    [],
  );
});

test('a row lists nothing that its room does not import', () => {
  const unused = Object.entries(LAW).flatMap(([room, { values = [], types = [] }]) => {
    const own = imports.filter(({ file }) => roomOf(file) === room);
    const asValue = new Set(own.filter(({ typeOnly }) => !typeOnly).map(({ target }) => roomOf(target)));
    const all = new Set(own.map(({ target }) => roomOf(target)));
    const idle = [
      ...values.filter((one) => !NOUNS.includes(one) && !asValue.has(one)),
      ...types.filter((one) => !all.has(one)),
    ];
    return idle.map((one) => `${room} does not import ${one}`);
  });
  assert.deepEqual(unused, []);
});

test('pure rooms reach no I/O, no timer and no clock, by whatever way', () =>
  assert.deepEqual(impurities(sources), []));

const BROKEN: readonly [name: string, given: Record<string, string>, breach: string][] = [
  ['a room that is not listed', { 'src/attic/a.ts': '' }, 'attic is not listed'],
  [
    'a room that the row does not list',
    { 'src/compare/a.ts': "import { plan } from '../plan/plan.ts';" },
    'src/compare/a.ts imports src/plan/plan.ts',
  ],
  [
    'a value where only types are allowed',
    { 'src/compare/a.ts': "import { type Mesh, match } from '../expect/match.ts';" },
    'src/compare/a.ts imports src/expect/match.ts',
  ],
  ['a package that the row does not list', { 'src/plan/a.ts': "import 'winston';" }, 'src/plan/a.ts imports winston'],
  [
    'a dynamic import',
    { 'src/plan/a.ts': "const { x } = await import('../report/report.ts');" },
    'src/plan/a.ts imports src/report/report.ts',
  ],
  [
    'I/O behind a file of an allowed room',
    {
      'src/plan/a.ts': "export { get } from '../cluster/a.ts';",
      'src/cluster/a.ts': "import { request } from 'undici';",
    },
    'src/plan/a.ts → src/cluster/a.ts → undici',
  ],
  [
    'a clock behind two files',
    {
      'src/compare/a.ts': "import { b } from './b.ts';",
      'src/compare/b.ts': "export * from '../excerpt.ts';",
      'src/excerpt.ts': 'export const now = () => Date.now();',
    },
    'src/compare/a.ts → src/compare/b.ts → src/excerpt.ts has a clock, a timer or I/O',
  ],
];
for (const [name, given, breach] of BROKEN)
  test(`the law refuses ${name}`, () => {
    const all = new Map(Object.entries(given));
    const found = [...breaches(all), ...impurities(all)];
    assert.ok(
      found.some((words) => breach.endsWith(words) || words.endsWith(breach)),
      found.join('\n'),
    );
  });

test('types of a listed room may be imported', () =>
  assert.deepEqual(breaches(new Map([['src/compare/a.ts', "import { type Mesh } from '../expect/mesh.ts';"]])), []));

test('only main.ts touches the process', () => {
  const touching = files.filter((file) => /\bprocess\.(exit|argv|env|on|once|stdout|stderr)\b/.test(code(file)));
  assert.deepEqual(touching, ['src/main.ts']);
});

test('no barrel files, no drawers for odds and ends', () => {
  assert.deepEqual(
    files.filter((file) => /(^|\/)(index|utils?|helpers?|manager|common|misc)\.ts$/i.test(file)),
    [],
  );
});

test('every dependency has its reason in docs/decisions', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const reasons = globSync('docs/decisions/*.md')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !reasons.includes(`\`${name}\``),
  );
  assert.deepEqual(missing, []);
});

test('every dependency is used', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
  const unused = Object.keys(dependencies).filter(
    (name) => !imports.some(({ target }) => target === name || target.startsWith(`${name}/`)),
  );
  assert.deepEqual(unused, []);
});
