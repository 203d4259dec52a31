import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ran } from '../matrix/ran.ts';
import { MATRIX } from '../matrix/rows.ts';
import { sourcesDate } from '../matrix/sourcesDate.ts';
import { ISTIO_BUILDS } from '../testbed/istioBuild.ts';
import { KUBERNETES_MINORS, versionOfMinor } from '../testbed/kubernetesVersions.ts';

const textOf = (file: string): string => readFileSync(file, 'utf8');

/** The row of README's table of versions: what is supported and what is tested. */
function row(name: string): readonly [supported: string, tested: string] {
  const [, supported = '', tested = ''] =
    new RegExp(`^\\| ${name}[^|]*\\| ([^|]*) \\| ([^|]*) \\|$`, 'm').exec(textOf('README.md')) ?? [];
  return [supported, tested];
}

/** The version of a Go module that the testbed builds. */
const builtFrom = (module: string, path: string): string =>
  new RegExp(`^\\s${path} v(\\S+)`, 'm').exec(textOf(`tests/testbed/modules/${module}/go.mod`))?.[1] ??
  'no such module';

const [major = '', minor = ''] =
  (parse(textOf('helm/Chart.yaml')) as { kubeVersion: string }).kubeVersion.match(/\d+/g) ?? [];
const { engines, devDependencies } = JSON.parse(textOf('package.json')) as {
  engines: { node: string };
  devDependencies: Record<string, string>;
};
const inWords = (words: readonly string[]): string =>
  [words.slice(0, -1).join(', '), words.at(-1) ?? ''].filter(Boolean).join(' and ');

const rows: readonly (readonly [name: string, said: string, fact: string])[] = [
  ['the Kubernetes that the chart refuses are the chart’s', row('Kubernetes')[0], `older than ${major}.${minor}`],
  ['the supported Kubernetes are the matrix’s', row('Kubernetes')[0], `${inWords(KUBERNETES_MINORS)};`],
  [
    'the tested Kubernetes are the matrix’s',
    row('Kubernetes')[1],
    `${inWords(KUBERNETES_MINORS.map(versionOfMinor))}:`,
  ],
  ...Object.entries(ISTIO_BUILDS).map(
    ([build, { module }]) =>
      [
        `the tested Istio ${build} is the matrix’s`,
        row('Istio sidecars')[1],
        `${sourcesDate(module)} (${build})`,
      ] as const,
  ),
  ['the tested Helm is the testbed’s', row('Helm')[1], builtFrom('bed', 'helm\\.sh/helm/v4')],
  ['the oldest Node.js is that of package.json', row('Node\\.js')[0], `${engines.node.slice(2)} and newer`],
  [
    'the tested Node.js is that of package.json',
    row('Node\\.js')[1],
    devDependencies.node?.match(/\d+/)?.[0] ?? 'none',
  ],
];
for (const [name, said, fact] of rows)
  test(`the table of versions: ${name}`, () => assert.ok(said.includes(fact), `${said}, not ${fact}`));

test('the table of versions names no other Kubernetes, and no other Istio', () => {
  const named = (cells: readonly string[]): string[] => cells.flatMap((cell) => cell.match(/\b1\.\d+(\.\d+)?/g) ?? []);
  const kubernetes = new Set([...KUBERNETES_MINORS, ...KUBERNETES_MINORS.map(versionOfMinor), `${major}.${minor}`]);
  assert.deepEqual(
    named(row('Kubernetes')).filter((version) => !kubernetes.has(version)),
    [],
  );
  assert.deepEqual(named(row('Istio sidecars')).sort(), Object.keys(ISTIO_BUILDS).sort());
});

for (const { name, versions, files } of MATRIX)
  test(`the matrix has run ${name} as it is now, and all passed (npm run matrix -- ${name} --write)`, () => {
    const seen = ran().find((one) => one.name === name);
    assert.deepEqual([seen?.versions, seen?.files, seen?.failed], [versions, files, 0]);
    assert.ok(seen && seen.passed > 0);
  });
