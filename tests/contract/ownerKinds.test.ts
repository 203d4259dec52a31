import '../kinds/withFleet.ts';
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';

// what is imported by `await` knows the example kind
const { RIGHTS } = await import('../../src/cluster/rights.ts');
const { KINDS } = await import('../../src/kinds/kinds.ts');
const { fleet } = await import('../kinds/fleet.ts');
const { rightsAt, rightsTemplate, rulesOf } = await import('./chart/rightsTemplate.ts');
const { generatedDocs } = await import('./generatedDocs.ts');

/** Names of kinds and of their resources as code has them: alone in quotes, or before a slash. In sentences they may stand anywhere. */
const words = [...new Set(KINDS.flatMap((kind) => [kind, ...(kind.through ? [kind.through] : [])]))].flatMap(
  ({ kind, resource }) => [kind, resource],
);
const LITERAL = new RegExp(`['"\`/](?:${words.join('|')})['"\`/]`, 'g');
const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
const literals = (text: string): string[] => code(text).match(LITERAL) ?? [];

const rows: [what: string, text: string, found: number][] = [
  ['a kind', "if (kind === 'StatefulSet') return;", 1],
  ['a resource', "resourcePath('deployments', namespace)", 1],
  ['the beginning of a key', 'return `Deployment/` + name;', 1],
  ['what stands between', "owner.kind !== 'ReplicaSet'", 1],
  ['no sentence', "help: 'The partition of the StatefulSet keeps every pod.'", 0],
  ['no comment', "/** 'Deployment' */\n// 'DaemonSet'\n", 0],
];
for (const [what, text, found] of rows)
  test(`the search for literals of a kind finds ${what}`, () => assert.equal(literals(text).length, found));

test('literals of an owner kind stand in src/kinds/ only', () => {
  const others = globSync('src/**/*.ts').filter((file) => !file.startsWith('src/kinds/'));
  assert.ok(others.length > 100);
  assert.deepEqual(
    others.flatMap((file) => literals(readFileSync(file, 'utf8')).map((found) => `${file}: ${found}`)),
    [],
  );
});

test('each kind has a file of its own name', () => {
  for (const { kind } of KINDS.filter((one) => one !== fleet))
    assert.ok(existsSync(`src/kinds/${kind.charAt(0).toLowerCase()}${kind.slice(1)}.ts`), kind);
});

test('the example kind has a row in the documentation', () => {
  const row = generatedDocs()
    .get('docs/kinds.md')
    ?.split('\n')
    .find((line) => line.startsWith('| `Fleet`'));
  for (const said of [
    '`example.meltemi.dev/v1`',
    'where it is served',
    fleet.actuator.help,
    'Anchored',
    'ships stay in port',
  ])
    assert.ok(row?.includes(said), `${said} in ${row}`);
});

test('the example kind has the rights that its actuator takes, wherever workloads are looked after', () => {
  const ofFleets = RIGHTS.filter(({ group, resource }) => group === 'example.meltemi.dev' && resource === 'fleets');
  assert.deepEqual(
    ofFleets.map(({ verbs, place, scoped }) => ({ verbs, place, scoped })),
    [{ verbs: ['get', 'list', 'patch'], place: 'cluster', scoped: ['namespaces'] }],
  );
});

test('the example kind is in the chart’s rights, for the cluster and for single namespaces', () => {
  const rule = { apiGroups: ['example.meltemi.dev'], resources: ['fleets'], verbs: ['get', 'list', 'patch'] };
  for (const [place, scoped] of [
    ['cluster', false],
    ['namespaces', true],
  ] as const)
    assert.deepEqual(
      rulesOf(rightsAt(place, scoped)).find(({ resources }) => resources.includes('fleets')),
      rule,
    );
  assert.equal(rightsTemplate().split('resources: [fleets]').length - 1, 2 + 2);
});

/** The recipe in CONTRIBUTING.md. */
const recipe = /^### An owner kind\n([\s\S]*?)(?=^##)/m.exec(readFileSync('CONTRIBUTING.md', 'utf8'))?.[1] ?? '';

test('every file that the recipe of an owner kind names exists', () => {
  const named = [...recipe.matchAll(/`((?:src|tests|docs)\/[^`\s]+)`/g)].map(([, file = '']) => file);
  assert.ok(named.length >= 6, named.join(', '));
  assert.deepEqual(
    named.filter((file) => !existsSync(file)),
    [],
  );
});

test('the recipe names every field that a kind must have', () => {
  const source = readFileSync('src/kinds/ownerKind.ts', 'utf8');
  const fields = [...source.slice(source.indexOf('interface OwnerKind')).matchAll(/^ {2}readonly (\w+): /gm)].map(
    ([, field]) => field,
  );
  assert.ok(fields.length >= 7, fields.join(', '));
  assert.deepEqual(
    fields.filter((field) => !recipe.includes(`\`${field}\``)),
    [],
  );
});

test('the example kind is what the recipe says: one file and one line, like the others', () => {
  const list = readFileSync('src/kinds/kinds.ts', 'utf8');
  for (const { kind } of KINDS.filter((one) => one !== fleet)) {
    const file = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}`;
    assert.ok(list.includes(`import { ${file} } from './${file}.ts';`), kind);
  }
  const knowing = globSync('src/**/*.ts').filter((file) => /fleet/i.test(readFileSync(file, 'utf8')));
  assert.deepEqual(knowing, []);
  assert.ok(KINDS.includes(fleet));
});
