import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Built } from '../contract/built.ts';
import { toolbox } from '../testbed/build.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';

/** The built programs under the names that npm gives them, and the real kubectl that is to find them. */
const built = new Built({ MELTEMI_COMMIT: 'abc1234', MELTEMI_DATE: '2026-11-21' });
afterAll(() => built[Symbol.dispose]());
const bin = join(built.root, 'bin');
mkdirSync(bin);
const { bin: programs } = JSON.parse(readFileSync(join(built.folder, 'package.json'), 'utf8')) as {
  bin: Record<string, string>;
};
for (const [name, file] of Object.entries(programs)) symlinkSync(join(built.folder, file), join(bin, name));

/** A real API server with names to complete; no Istio serves the webhooks that only name it. */
let bed: Testbed;
beforeAll(async () => {
  bed = await Testbed.up();
  await Promise.all([bed.namespace('shop-eu'), bed.namespace('shop-us')]);
  await bed.deploy({ namespace: 'shop-eu', name: 'cart', replicas: 0 });
  await bed.deploy({ namespace: 'shop-eu', name: 'agent', kind: 'DaemonSet' });
  for (const labels of [
    { 'istio.io/rev': 'default' },
    { 'istio.io/rev': 'canary' },
    { 'istio.io/rev': 'default', 'istio.io/tag': 'prod' },
  ])
    await bed.api.create(pathOf('MutatingWebhookConfiguration'), {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { generateName: 'plugin-', labels },
    });
});
afterAll(() => bed?.down());

async function kubectl(...args: readonly string[]): Promise<string> {
  const PATH = `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`;
  const env = { PATH, HOME: built.root, NO_COLOR: '1', KUBECONFIG: bed.kubeconfig };
  const { stdout } = await promisify(execFile)(toolbox().program('kubectl'), args, { env });
  return stdout;
}

const rows: [string, string[], RegExp][] = [
  ['lists the plugin', ['plugin', 'list'], /\/kubectl-meltemi\n/],
  ['runs it', ['meltemi', '--version'], /^\d+\.\d+\.\d+\S* \(abc1234, 2026-11-21\)\n$/],
  ['shows its help as it is typed', ['meltemi', 'plan', '--help'], /^Usage: kubectl meltemi plan \[options\]/],
  [
    'runs status by its name',
    ['meltemi', 'status', '--help'],
    /^Usage: kubectl meltemi status \[options\][\s\S]*--watch/,
  ],
  ['completes its commands', ['__complete', 'meltemi', 'pla'], /^plan\t.*\n:4\n$/],
  ['explains a reason', ['meltemi', 'explain', 'paused'], /^paused, .*\n\n {2}The rollout is paused\.\n/],
  ['completes reasons', ['__complete', 'meltemi', 'explain', 'pau'], /^paused\tThe rollout is paused\n:4\n$/],
  ['completes namespaces', ['__complete', 'meltemi', 'plan', '-n', 'shop'], /^shop-eu\nshop-us\n:4\n$/],
  [
    'completes workloads of the namespace',
    ['__complete', 'meltemi', 'plan', '-n', 'shop-eu', '--explain', ''],
    /^Deployment\/cart\nDaemonSet\/agent\n:4\n$/,
  ],
  ['completes assumptions', ['__complete', 'meltemi', 'plan', '--if', 'la'], /^label namespace\/\n:6\n$/],
  [
    'completes tags and revisions',
    ['__complete', 'meltemi', 'plan', '--if', 'tag p'],
    /^tag prod=canary\ntag prod=default\n:4\n$/,
  ],
  [
    'completes labels of namespaces',
    ['__complete', 'meltemi', 'plan', '--if', 'label namespace/shop-eu istio.io/rev=c'],
    /^label namespace\/shop-eu istio\.io\/rev=canary\n:4\n$/,
  ],
  [
    'completes nothing, quickly and in silence, where no API server is',
    ['__complete', 'meltemi', 'plan', '--kubeconfig', '/does/not/exist', '-n', ''],
    /^:4\n$/,
  ],
  ['completes its flags', ['__complete', 'meltemi', 'run', '--metrics-s'], /^--metrics-secure\t.*\n:4\n$/],
];
for (const [name, args, output] of rows)
  test(`kubectl ${name}`, async () => assert.match(await kubectl(...args), output));
