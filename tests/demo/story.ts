/** What every pod of a namespace should carry at one point of the story. */
export interface Goal {
  readonly version: string;
  readonly revision: string;
}

/** The mesh that the story happens to: a real one, or a simulated one. */
export interface Mesh {
  upgrade(revision: string, version: string): Promise<void>;
  /** Moves a tag to a revision. */
  setTag(tag: string, revision: string): Promise<void>;
  /** Moves a namespace to a revision. */
  setRevision(namespace: string, revision: string): Promise<void>;
}

/** One act: something happens to the mesh, and then the namespaces are expected to reach their goals. */
export interface Act {
  readonly title: string;
  readonly happens: (mesh: Mesh) => Promise<void>;
  /** Goals that change in this act; the others stay as they were. */
  readonly goals: Readonly<Record<string, Goal>>;
}

/** A workload of the story. */
export interface Part {
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** Seconds until a new pod is ready. */
  readonly readyAfter: number;
}

export const OLD = '1.30.2';
export const NEW = '1.31.0';

/** What the operator in the story may have in flight. */
export const MAX_IN_FLIGHT = 4;

/** Seconds until pods of real services are ready: one for a proxy-like one, several for one that fills a cache. */
const DELAYS = [1, 2, 3, 5];

/** A namespace without a revision is injected by the label `istio-injection`, one with `prod` by a tag. */
export const NAMESPACES: Readonly<Record<string, { revision?: string; deployments: readonly string[] }>> = {
  shop: { deployments: ['cart', 'catalog', 'checkout', 'web'] },
  payments: { revision: 'prod', deployments: ['api', 'fraud', 'ledger', 'refunds'] },
  search: { revision: 'canary', deployments: ['index', 'query', 'suggest'] },
  legacy: { deployments: ['crm', 'mail', 'reports'] },
  ingress: { deployments: [] },
};

const SETS: readonly Part[] = [
  { kind: 'StatefulSet', namespace: 'shop', name: 'orders', replicas: 3, readyAfter: 2 },
  { kind: 'StatefulSet', namespace: 'payments', name: 'journal', replicas: 2, readyAfter: 2 },
  { kind: 'DaemonSet', namespace: 'shop', name: 'agent', replicas: 3, readyAfter: 1 },
  { kind: 'DaemonSet', namespace: 'search', name: 'cache', replicas: 3, readyAfter: 1 },
];

/** All workloads but the gateway `ingress/gateway`, which Istio's chart makes. */
export const PARTS: readonly Part[] = [
  ...Object.entries(NAMESPACES).flatMap(([namespace, { deployments }]) =>
    deployments.map((name, index): Part => {
      const readyAfter = DELAYS[index % DELAYS.length] ?? 1;
      return { kind: 'Deployment', namespace, name, replicas: 2 + (index % 2), readyAfter };
    }),
  ),
  ...SETS,
];

/** What the namespaces have before the first act. */
export const START: Readonly<Record<string, Goal>> = {
  shop: { version: OLD, revision: 'default' },
  payments: { version: OLD, revision: 'default' },
  search: { version: NEW, revision: 'canary' },
  legacy: { version: OLD, revision: 'default' },
  ingress: { version: OLD, revision: 'default' },
};

export const ACTS: readonly Act[] = [
  {
    title: `Act 1: the control plane is upgraded in place, ${OLD} → ${NEW}`,
    happens: (mesh) => mesh.upgrade('default', NEW),
    goals: Object.fromEntries(
      ['shop', 'payments', 'legacy', 'ingress'].map((name) => [name, { version: NEW, revision: 'default' }]),
    ),
  },
  {
    title: 'Act 2: the tag prod moves to the revision canary, which has the same image',
    happens: (mesh) => mesh.setTag('prod', 'canary'),
    goals: { payments: { version: NEW, revision: 'canary' } },
  },
  {
    title: 'Act 3: the namespace legacy is relabelled to the revision canary',
    happens: (mesh) => mesh.setRevision('legacy', 'canary'),
    goals: { legacy: { version: NEW, revision: 'canary' } },
  },
];
