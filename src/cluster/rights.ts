import type { ApiResource } from '../kinds/apiResource.ts';
import { deployment } from '../kinds/deployment.ts';
import { KINDS } from '../kinds/kinds.ts';
import { JOBS } from '../kinds/unsupportedKinds.ts';
import { waysToRestart } from '../kinds/waysToRestart.ts';
import { LEASE_NAME } from '../names.ts';
import { groupOf, type Resource } from './resources.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch';

/**
 * The scope of a permission: the whole cluster, each namespace whose workloads are watched, each namespace with Istio's configuration, or
 * the operator's own namespace.
 */
export type RightScope = 'cluster' | 'namespaces' | 'istio' | 'own';

/** A value of the chart that grants rights: `argoRollouts.enabled`. */
export type ChartSwitch = `${string}.enabled`;

export interface Right {
  readonly resource: string;
  /** API group of the resource; empty for the core group. */
  readonly group: string;
  readonly verbs: readonly Verb[];
  /** The scope in an installation for the whole cluster. */
  readonly place: RightScope;
  /** The scope in an installation for a list of namespaces. */
  readonly scoped: readonly RightScope[];
  /** Limits the permission to objects with these names. */
  readonly names?: readonly string[];
  /** What the permission depends on: readers that are authorized, Istio's proxy, other sidecars in the policy, or a value of the chart. */
  readonly when?: 'authorizes' | 'istio' | 'sidecars' | ChartSwitch;
  readonly why: string;
}

const inCluster = { place: 'cluster', scoped: ['cluster'] } as const;
const ofWorkloads = { place: 'cluster', scoped: ['namespaces'] } as const;
const ofIstio = { place: 'istio', scoped: ['istio'] } as const;
const own = { place: 'own', scoped: ['own'] } as const;

/** The permissions that do not depend on the owner kinds. */
const ALWAYS: readonly (Omit<Right, 'group'> & { readonly resource: Resource })[] = [
  {
    resource: 'mutatingwebhookconfigurations',
    verbs: ['list', 'watch'],
    ...inCluster,
    why: 'to find the injector of a pod',
  },
  {
    resource: 'namespaces',
    verbs: ['list', 'watch'],
    ...inCluster,
    why: 'to read the labels that decide whether pods are injected',
  },
  {
    resource: 'tokenreviews',
    verbs: ['create'],
    ...inCluster,
    when: 'authorizes',
    why: 'to identify who reads metrics or the status page',
  },
  {
    resource: 'subjectaccessreviews',
    verbs: ['create'],
    ...inCluster,
    when: 'authorizes',
    why: 'to check that they may read them',
  },
  {
    resource: 'proxyconfigs',
    verbs: ['list', 'watch'],
    place: 'cluster',
    scoped: ['istio', 'namespaces'],
    when: 'istio',
    why: 'to notice changes that affect what is injected',
  },
  { resource: 'pods', verbs: ['list'], ...ofWorkloads, why: 'to read the current sidecars' },
  { resource: 'poddisruptionbudgets', verbs: ['list'], ...ofWorkloads, why: 'to wait while they allow no disruption' },
  {
    resource: 'canaries',
    verbs: ['list'],
    ...ofWorkloads,
    when: 'flagger.enabled',
    why: 'to restart no target of a Canary, and no primary during an analysis',
  },
  { resource: 'events', verbs: ['create'], ...ofWorkloads, why: 'to send Events about a workload' },
  { resource: 'events', verbs: ['list'], ...ofWorkloads, why: 'to explain why a rollout makes no progress' },
  {
    resource: 'configmaps',
    verbs: ['list', 'watch'],
    ...ofIstio,
    when: 'istio',
    why: 'to read the configuration of injectors and mesh',
  },
  {
    resource: 'services',
    verbs: ['get', 'list', 'watch'],
    ...ofIstio,
    why: 'to find the address of an injector and the istiod behind it',
  },
  { resource: 'leases', verbs: ['create'], ...own, why: 'leader election, to create a missing Lease' },
  {
    resource: 'leases',
    verbs: ['get', 'update'],
    names: [LEASE_NAME],
    ...own,
    why: 'leader election, the journal, and pauses and resumes by users',
  },
  {
    resource: 'serviceaccounts',
    verbs: ['get'],
    names: [...new Set(KINDS.flatMap(({ podCreator }) => podCreator ?? []))],
    ...inCluster,
    when: 'sidecars',
    why: 'to ask other injectors in the name of the controllers that create the pods',
  },
  { resource: 'events', verbs: ['create'], ...own, why: 'to send Events that concern no workload' },
];

/** A permission for a resource. */
const rightTo = ({ group, resource }: ApiResource, right: Omit<Right, 'group' | 'resource'>): Right => ({
  group,
  resource,
  ...right,
});

const between = new Set(KINDS.flatMap(({ through }) => through ?? []));
const evicting = KINDS.filter((kind) => waysToRestart(kind).some(({ evicts }) => evicts)).map(({ kind }) => kind);
const perNode = KINDS.filter(({ isPerNode }) => isPerNode).map(({ kind }) => kind);

/**
 * Every permission that `run` uses, and no other. The chart's roles are made from this table. A live test compares it with the audit log.
 */
export const RIGHTS: readonly Right[] = [
  ...ALWAYS.map((right) => ({ ...right, group: groupOf(right.resource) })),
  ...(perNode.length > 0
    ? [
        {
          group: groupOf('nodes'),
          resource: 'nodes',
          verbs: ['get'] as const,
          ...inCluster,
          why: `to avoid waiting for pods of a ${perNode.join(' or ')} on lost nodes`,
        },
      ]
    : []),
  rightTo(deployment, {
    verbs: ['list', 'watch'],
    place: 'cluster',
    scoped: ['istio'],
    why: 'to restart nothing while istiod rolls out',
  }),
  ...KINDS.map((kind) =>
    rightTo(kind, {
      verbs: ['get', ...(kind.foundByPods ? [] : (['list'] as const)), ...kind.actuator.verbs],
      ...ofWorkloads,
      ...(kind.chartValue !== undefined && { when: `${kind.chartValue}.enabled` as const }),
      why: 'to find the workloads and to restart them',
    }),
  ),
  ...(evicting.length > 0
    ? [
        {
          group: groupOf('pods'),
          resource: 'pods/eviction',
          verbs: ['create'] as const,
          ...ofWorkloads,
          when: 'eviction.enabled' as const,
          why: `to evict pods that no controller replaces, of a ${evicting.join(', ')}`,
        },
      ]
    : []),
  ...[...between].map((one) =>
    rightTo(one, { verbs: ['get', 'list'], ...ofWorkloads, why: 'to find the workload of a pod' }),
  ),
  rightTo(JOBS, {
    verbs: ['get'],
    ...ofWorkloads,
    why: 'to list outdated pods of a Job under its CronJob, and to say when the Job ends at the latest',
  }),
];

/** Of a reader: in an installation for the whole cluster all rights are there, so that the Lease is found in whatever namespace it is. */
const toRead = { place: 'cluster', scoped: ['namespaces'] } as const;

/**
 * Every permission that `meltemi status` uses, and no other. The chart's `statusReader` is made from this table. A live test compares it
 * with the audit log.
 */
export const STATUS_RIGHTS: readonly Right[] = [
  {
    group: groupOf('leases'),
    resource: 'leases',
    verbs: ['get', 'list', 'watch'],
    names: [LEASE_NAME],
    place: 'cluster',
    scoped: ['own'],
    why: 'to find the Lease, and to read what the leader publishes on it',
  },
  ...KINDS.map((kind) =>
    rightTo(kind, {
      verbs: ['get', 'list', 'watch'],
      ...toRead,
      ...(kind.chartValue !== undefined && { when: `${kind.chartValue}.enabled` as const }),
      why: 'to show how far the rollouts in flight are',
    }),
  ),
  ...[...between].map((one) => rightTo(one, { verbs: ['list'], ...toRead, why: 'to find the pods of a slow rollout' })),
  { group: groupOf('pods'), resource: 'pods', verbs: ['list'], ...toRead, why: 'to find the pods of a slow rollout' },
  { group: groupOf('events'), resource: 'events', verbs: ['list'], ...toRead, why: 'to show why a rollout is slow' },
];
