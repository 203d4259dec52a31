import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

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
const istio = builtFrom('bed', 'istio\\.io/istio');
const [, year, month, day] = /-(\d{4})(\d\d)(\d\d)\d{6}-/.exec(istio) ?? [];

const rows: readonly (readonly [name: string, said: string, fact: string])[] = [
  ['the oldest Kubernetes is that of the chart', row('Kubernetes')[0], `${major}.${minor} and newer`],
  ['the tested Kubernetes is the testbed’s', row('Kubernetes')[1], `${builtFrom('bed', 'k8s\\.io/kubernetes')}:`],
  ['the tested Istio is the testbed’s', row('Istio sidecars')[1], `${year}-${month}-${day}`],
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
