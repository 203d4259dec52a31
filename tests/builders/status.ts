import type { ClusterStatus } from '../../src/status/clusterStatus.ts';
import type { StatusDocument, StatusRow } from '../../src/status/statusDocument.ts';
import { NO_COUNTS } from '../../src/status/statusDocument.ts';
import { MINUTE, NOW } from './workload.ts';

/** RFC 3339 of so long before the time of table tests. */
export const ago = (milliseconds: number): string => new Date(NOW - milliseconds).toISOString();

/** The row of an outdated Deployment `shop/NAME` that waits, unless said otherwise. */
export const statusRow = (name: string, given: Partial<StatusRow> = {}): StatusRow => ({
  kind: 'Deployment',
  namespace: 'shop',
  name,
  verdict: 'outdated',
  action: 'wait',
  reason: 'max-in-flight',
  detail: '5 of 5 are in flight',
  drifts: ['image'],
  pods: 3,
  outdatedPods: 3,
  from: 'proxyv2:1.30.2 (default)',
  to: 'proxyv2:1.31.0 (default)',
  run: 'f00d',
  ...given,
});

/** A document without anything in it, unless said otherwise. */
export const statusDocument = (given: Partial<StatusDocument> = {}): StatusDocument => ({
  version: 1,
  at: ago(2000),
  counts: NO_COUNTS,
  unsupportedPods: 0,
  controlPlanes: [],
  proxies: [],
  namespaces: [],
  waits: [],
  runs: [],
  workloads: [],
  leftOut: 0,
  ...given,
});

/** An upgrade half-way, with something of everything. */
export const upgradeDocument = (given: Partial<StatusDocument> = {}): StatusDocument =>
  statusDocument({
    counts: { current: 26, outdated: 14, skipped: 3, unknown: 1, conflict: 0, inFlight: 2, waiting: 10, failed: 2 },
    unsupportedPods: 4,
    controlPlanes: [{ injector: 'istio-sidecar-injector', revision: 'default', version: '1.31.0' }],
    proxies: [
      { version: '1.31.0', pods: 70 },
      { version: '1.30.2', pods: 40 },
    ],
    namespaces: [
      { ...NO_COUNTS, namespace: 'shop', current: 6, outdated: 12, inFlight: 1, waiting: 9, failed: 2 },
      { ...NO_COUNTS, namespace: 'bank', current: 20, outdated: 2, unknown: 1, inFlight: 1, waiting: 1 },
      { ...NO_COUNTS, namespace: 'done', current: 5 },
    ],
    waits: [
      { reason: 'max-in-flight', workloads: 7, example: { ...SHOP, name: 'cart', detail: '2 of 2 are in flight' } },
      { reason: 'gave-up', workloads: 2, example: { ...SHOP, name: 'stuck', detail: 'outcome failed:timeout' } },
      {
        reason: 'cooldown',
        workloads: 1,
        until: new Date(NOW + 5 * MINUTE).toISOString(),
        example: { ...SHOP, name: 'calm', detail: 'restarted 1 minute ago' },
      },
    ],
    runs: [
      {
        id: 'f00d',
        injector: 'istio-sidecar-injector',
        revision: 'default',
        to: 'proxyv2:1.31.0 (default)',
        startedAt: ago(12 * MINUTE),
        waves: [
          { name: 'canary', state: 'done', total: 10, current: 10, inFlight: 0, failed: 0, waiting: 0 },
          { name: 'rest', state: 'running', total: 30, current: 16, inFlight: 2, failed: 2, waiting: 10 },
        ],
      },
    ],
    workloads: [
      statusRow('web', { action: 'follow', reason: 'in-flight', detail: '', startedAt: ago(42_000) }),
      statusRow('ledger', {
        namespace: 'bank',
        kind: 'StatefulSet',
        action: 'follow',
        reason: 'in-flight',
        startedAt: ago(3 * MINUTE),
      }),
      statusRow('stuck', { reason: 'gave-up', lastOutcome: 'failed:timeout' }),
      ...['cart', 'catalog', 'mail', 'pay', 'search', 'user'].map((name, index) =>
        statusRow(name, { order: index + 1 }),
      ),
    ],
    ...given,
  });

const SHOP = { kind: 'Deployment', namespace: 'shop' };

/** A cluster `prod` whose leader lives, with that document. */
export const clusterStatus = (document: StatusDocument, given: Partial<ClusterStatus> = {}): ClusterStatus => ({
  cluster: 'prod',
  home: 'meltemi',
  leader: { holder: 'meltemi-abc', renewedAt: ago(1000), isAlive: true },
  document,
  rollouts: new Map([
    ['Deployment/shop/web', { state: 'progressing', detail: '1 of 3 pods updated' }],
    [
      'StatefulSet/bank/ledger',
      { state: 'progressing', detail: '0 of 1 pods available', problem: 'Pod ledger-0: FailedScheduling: no node' },
    ],
  ]),
  warnings: [],
  ...given,
});
