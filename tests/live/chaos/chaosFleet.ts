import { RESTART_ANNOTATION } from '../../../src/names.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import type { WorkloadOptions } from '../../testbed/workloads.ts';

const INJECTED = { 'istio-injection': 'enabled' };
const ON_DELETE = { updateStrategy: { type: 'OnDelete', rollingUpdate: null } };

type Given = Omit<WorkloadOptions, 'namespace'>;

/** What stands in each namespace: of every kind, and in each wave some that take a while. */
const FLEET: Readonly<Record<string, readonly Given[]>> = {
  'one-deployments': [
    { name: 'web', replicas: 2, readyAfter: '1s' },
    { name: 'api', readyAfter: '1s' },
  ],
  'one-database': [{ kind: 'StatefulSet', name: 'db', replicas: 2, readyAfter: '1s', spec: ON_DELETE }],
  'two-agents': [{ kind: 'DaemonSet', name: 'agent', readyAfter: '1s' }],
  'two-queues': [
    { kind: 'StatefulSet', name: 'queue', replicas: 2, readyAfter: '1s' },
    { kind: 'DaemonSet', name: 'agent', readyAfter: '1s', spec: ON_DELETE },
  ],
  'rest-web': [{ name: 'web', replicas: 2, readyAfter: '2s' }],
  'rest-api': [{ name: 'api', readyAfter: '1s' }],
  'rest-jobs': [{ name: 'jobs', readyAfter: '1s' }],
  'out-web': [{ name: 'web', ownAnnotations: { [RESTART_ANNOTATION]: 'false' } }],
};

export const OPTED_OUT = ['out-web'];
export const NAMESPACES = Object.keys(FLEET);
export const INCLUDED = NAMESPACES.filter((name) => !OPTED_OUT.includes(name));

/** Makes a namespace with its workloads. */
export async function make(bed: Testbed, namespace: string): Promise<void> {
  await bed.namespace(namespace, INJECTED);
  for (const given of FLEET[namespace] ?? []) await bed.deploy({ namespace, ...given });
}
