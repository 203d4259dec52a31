import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';

/** What runs on kind cannot run where there is no Docker: at least its parts must fit together. */
const read = (path: string): string => readFileSync(path, 'utf8');
const cluster = parse(read('tests/kind/cluster.yaml')) as {
  readonly kind: string;
  readonly apiVersion: string;
  readonly networking: { readonly serviceSubnet: string };
  readonly nodes: readonly { readonly role: string }[];
};
const run = read('tests/kind/run.sh');
const istio = read('tests/kind/istio.sh');
const workflow = parse(read('.github/workflows/kind.yaml')) as {
  readonly jobs: {
    readonly live: {
      readonly strategy: { readonly matrix: { readonly node: readonly string[] } };
      readonly steps: readonly { readonly run?: string; readonly env?: Readonly<Record<string, string>> }[];
    };
  };
};

for (const script of globSync('tests/kind/*.sh'))
  test(`${script} is a script that can be run and stops at the first failure`, () => {
    execFileSync('bash', ['-n', script]);
    assert.ok(statSync(script).mode & 0o100);
    assert.match(read(script), /^#!\/usr\/bin\/env bash\n(#.*\n)+set -euo pipefail\n/);
  });

test('the configuration is one of kind, with nodes of its two roles', () => {
  assert.equal(`${cluster.apiVersion} ${cluster.kind}`, 'kind.x-k8s.io/v1alpha4 Cluster');
  assert.deepEqual([...new Set(cluster.nodes.map(({ role }) => role))], ['control-plane', 'worker']);
});

test('the route leads to where the cluster has its Services', () =>
  assert.equal(/^SERVICES=(.*)$/m.exec(run)?.[1], cluster.networking.serviceSubnet));

const PINNED = /^kindest\/node:v(\d+\.\d+)\.\d+@sha256:[0-9a-f]{64}$/;

test('two versions of Kubernetes, each by its digest; one of them is what the script takes by itself', () => {
  const { node: nodes } = workflow.jobs.live.strategy.matrix;
  const minors = nodes.map((node) => PINNED.exec(node)?.[1]);
  assert.equal(new Set(minors).size, 2);
  assert.ok(!minors.includes(undefined));
  assert.ok(nodes.includes(/^NODE_IMAGE=\$\{KIND_NODE_IMAGE:-(.*)\}$/m.exec(run)?.[1] ?? ''));
});

test('the workflow runs the script and says on which node', () => {
  const step = workflow.jobs.live.steps.find((one) => one.run === 'tests/kind/run.sh');
  assert.deepEqual(step?.env, { KIND_NODE_IMAGE: `\${{ matrix.node }}` });
});

test('Istio is installed in the versions and revisions that the scenarios ask for', () => {
  const [old, next, other] = /E2E_ISTIO_VERSIONS:-([\d.]+),([\d.]+),([\d.]+)\}/.exec(istio)?.slice(1) ?? [];
  assert.match(read('tests/live/versions.ts'), new RegExp(`'${old},${next},${other}'`));
  const wanted = read('tests/live/revisions.test.ts');
  assert.match(wanted, new RegExp(`const VERSION = '${old}'`));
  assert.match(wanted, new RegExp(`revision: 'next', version: '${next}'`));
  for (const revision of ['canary', 'next']) assert.match(istio, new RegExp(`--set revision=${revision}$`, 'm'));
});
