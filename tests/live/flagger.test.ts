import assert from 'node:assert/strict';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const ROOMY = ['--max-in-flight', '10', '--max-in-flight-per-namespace', '10', '--reconcile-period', '5s'];

let began = false;
beforeEach(async () => {
  if (!began) await bed.flagger.up();
  began = true;
});

/** Flagger selects pods by the label `app` of the target, which is its name. */
const target = (name: string) => ({
  selector: { matchLabels: { app: name } },
  template: { metadata: { labels: { app: name } } },
});

interface Templated extends ApiObject {
  readonly metadata: ApiObject['metadata'] & { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly template: unknown };
}

/** What a target's people see of it: none of it may change. */
async function seen(kind: 'Deployment' | 'DaemonSet', name: string, namespace: string): Promise<string> {
  const { metadata, spec } = await bed.api.get<Templated>(pathOf(kind, namespace, name));
  const { annotations = {} } = metadata;
  return JSON.stringify([Object.keys(annotations).filter((key) => key.includes('meltemi')), spec.template]);
}

test('primaries of a Deployment and a DaemonSet are restarted once, the targets are not touched, and no analysis begins', async () => {
  await bed.namespace('flow', INJECTED);
  await bed.deploy({ namespace: 'flow', name: 'web', replicas: 2, spec: target('web') });
  await bed.deploy({ kind: 'DaemonSet', namespace: 'flow', name: 'agent', spec: target('agent') });
  await bed.waitReady('flow');
  await bed.flagger.create({ namespace: 'flow', name: 'web' });
  await bed.flagger.create({ namespace: 'flow', name: 'agent', kind: 'DaemonSet' });
  for (const name of ['web', 'agent']) await bed.flagger.phase('flow', name, 'Initialized');
  const both = async () => Promise.all([seen('Deployment', 'web', 'flow'), seen('DaemonSet', 'agent', 'flow')]);
  const canaries = async () => {
    const all = await Promise.all(['web', 'agent'].map((name) => bed.flagger.get('flow', name)));
    return all.map(({ status }) => [status?.phase, status?.iterations, status?.lastAppliedSpec]);
  };
  const [targets, analyses] = [await both(), await canaries()];
  const scene = await Scene.start(bed, 'flow', ...ROOMY);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('the primaries to be restarted', 90_000, async () => {
      const outcomes = await scene.outcomes();
      return (
        (outcomes['deployments/flow/web-primary'] === 'verified' &&
          outcomes['daemonsets/flow/agent-primary'] === 'verified') ||
        new Error(JSON.stringify(outcomes))
      );
    });
    // longer than an interval of Flagger's
    await stays('two restarts', 15_000, async () => (await scene.restarts()).length === 2);
    assert.deepEqual(await scene.restartCounts(), {
      'deployments/flow/web-primary': 1,
      'daemonsets/flow/agent-primary': 1,
    });
    assert.deepEqual(await both(), targets);
    assert.deepEqual(await canaries(), analyses);
    const rows = await planRows(bed.kubeconfig, '-n', 'flow');
    assert.deepEqual(
      Object.fromEntries(rows.map(({ name, verdict, reason }) => [name, `${verdict} ${reason}`.trim()])),
      {
        web: 'skipped canary-target',
        agent: 'skipped canary-target',
        'web-primary': 'current',
        'agent-primary': 'current',
      },
    );
  } finally {
    await scene.stop();
  }
});

test('an analysis that is in progress at the upgrade ends undisturbed, and then the primary follows', async () => {
  await bed.namespace('shift', INJECTED);
  await bed.deploy({ namespace: 'shift', name: 'web', replicas: 1, spec: target('web') });
  await bed.waitReady('shift');
  await bed.flagger.create({ namespace: 'shift', name: 'web', iterations: 2 });
  await bed.flagger.phase('shift', 'web', 'Initialized');
  const image = { spec: { template: { spec: { containers: [{ name: 'app', image: 'testbed/app:2' }] } } } };
  await bed.api.patch(pathOf('Deployment', 'shift', 'web'), image);
  await bed.flagger.phase('shift', 'web', 'Progressing');
  await bed.istio.upgrade('default', nextVersion());
  const [row] = (await planRows(bed.kubeconfig, '-n', 'shift')).filter(({ name }) => name === 'web-primary');
  assert.deepEqual([row?.verdict, row?.action, row?.reason], ['outdated', 'wait', 'canary-analysis']);
  const scene = await Scene.start(bed, 'shift', ...ROOMY);
  try {
    await until('the promotion', 120_000, async () => {
      const { status } = await bed.flagger.get('shift', 'web');
      // Flagger itself says when it has ended
      if (status?.phase !== 'Succeeded') assert.deepEqual(await scene.restarts(), []);
      return status?.phase === 'Succeeded' || new Error(status?.phase);
    });
    // the promotion makes new pods; a restart is due only where one of them is older than the upgrade
    await scene.current(['shift'], version(), 'default', 90);
    await stays('at most one restart', 10_000, async () => (await scene.restarts()).length <= 1);
    assert.ok((await scene.restarts()).every(({ name }) => name === 'web-primary'));
  } finally {
    await scene.stop();
  }
});
