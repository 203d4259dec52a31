import type { Api } from './api.ts';
import { pathOf } from './paths.ts';

const CAPACITY = { cpu: '100000', memory: '400Ti', pods: '200000' };

/** The annotation by which kwok knows the nodes whose kubelet it plays, and its value. */
export const PLAYED_BY_KWOK = 'kwok.x-k8s.io/node';
export const FAKE = 'fake';

/** Puts Nodes of vast capacity into the cluster. Istio makes native sidecars where every kubelet is 1.33 or newer. */
export async function createNodes(api: Api, count: number, kubelet: string): Promise<void> {
  for (let number = 0; number < count; number++) await api.create(pathOf('Node'), node(`node-${number}`, kubelet));
}

const node = (name: string, kubeletVersion: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name,
    labels: {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'testbed.meltemi.dev/node': name,
    },
    annotations: { [PLAYED_BY_KWOK]: FAKE },
  },
  status: {
    allocatable: CAPACITY,
    capacity: CAPACITY,
    nodeInfo: {
      architecture: 'amd64',
      bootID: '',
      containerRuntimeVersion: 'fake',
      kernelVersion: 'fake',
      kubeProxyVersion: kubeletVersion,
      kubeletVersion,
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'fake',
      systemUUID: '',
    },
  },
});
