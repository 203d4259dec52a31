import type { Testbed } from '../testbed/testbed.ts';

/** What every pod of a namespace should carry at one point of the story. */
export interface Goal {
  readonly version: string;
  readonly revision: string;
}

/** One act: something happens to the mesh, and then the namespaces are expected to reach their goals. */
export interface Act {
  readonly title: string;
  readonly happens: (bed: Testbed) => Promise<void>;
  /** Goals that change in this act; the others stay as they were. */
  readonly goals: Readonly<Record<string, Goal>>;
}

const OLD = '1.30.2';
const NEW = '1.31.0';

/** Ready delays of real services: a second for a proxy-like one, several for one that fills a cache. */
const DELAYS = ['1s', '2s', '3s', '5s'];

const NAMESPACES: Readonly<Record<string, { labels: Record<string, string>; workloads: readonly string[] }>> = {
  shop: { labels: { 'istio-injection': 'enabled' }, workloads: ['cart', 'catalog', 'checkout', 'web'] },
  payments: { labels: { 'istio.io/rev': 'prod' }, workloads: ['api', 'fraud', 'ledger', 'refunds'] },
  search: { labels: { 'istio.io/rev': 'canary' }, workloads: ['index', 'query', 'suggest'] },
  legacy: { labels: { 'istio-injection': 'enabled' }, workloads: ['crm', 'mail', 'reports'] },
  ingress: { labels: {}, workloads: [] },
};

/** Workloads of the story, with what they are before the first act. */
export const START: Readonly<Record<string, Goal>> = {
  shop: { version: OLD, revision: 'default' },
  payments: { version: OLD, revision: 'default' },
  search: { version: NEW, revision: 'canary' },
  legacy: { version: OLD, revision: 'default' },
  ingress: { version: OLD, revision: 'default' },
};

/** Two revisions and a tag, five namespaces, some twenty workloads of all kinds, a gateway. */
export async function stage(bed: Testbed): Promise<void> {
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: OLD });
  await bed.istio.install({ revision: 'canary', version: NEW });
  await bed.istio.setTag('prod', 'default');
  for (const [namespace, { labels, workloads }] of Object.entries(NAMESPACES)) {
    await bed.namespace(namespace, labels);
    for (const [index, name] of workloads.entries()) {
      const readyAfter = DELAYS[index % DELAYS.length] ?? '1s';
      await bed.deploy({ kind: 'Deployment', namespace, name, replicas: 2 + (index % 2), readyAfter });
    }
  }
  await bed.deploy({ kind: 'StatefulSet', namespace: 'shop', name: 'orders', replicas: 3, readyAfter: '2s' });
  await bed.deploy({ kind: 'StatefulSet', namespace: 'payments', name: 'journal', replicas: 2, readyAfter: '2s' });
  await bed.deploy({ kind: 'DaemonSet', namespace: 'shop', name: 'agent', readyAfter: '1s' });
  await bed.deploy({ kind: 'DaemonSet', namespace: 'search', name: 'cache', readyAfter: '1s' });
  await bed.istio.gateway({ namespace: 'ingress', name: 'gateway' });
  await Promise.all(Object.keys(NAMESPACES).map((namespace) => bed.waitReady(namespace)));
}

export const ACTS: readonly Act[] = [
  {
    title: `Act 1: the control plane is upgraded in place, ${OLD} → ${NEW}`,
    happens: (bed) => bed.istio.upgrade('default', NEW),
    goals: Object.fromEntries(
      ['shop', 'payments', 'legacy', 'ingress'].map((name) => [name, { version: NEW, revision: 'default' }]),
    ),
  },
  {
    title: 'Act 2: the tag prod moves to the revision canary, which has the same image',
    happens: (bed) => bed.istio.setTag('prod', 'canary'),
    goals: { payments: { version: NEW, revision: 'canary' } },
  },
  {
    title: 'Act 3: the namespace legacy is relabelled to the revision canary',
    happens: (bed) => bed.label('legacy', { 'istio-injection': null, 'istio.io/rev': 'canary' }),
    goals: { legacy: { version: NEW, revision: 'canary' } },
  },
];
