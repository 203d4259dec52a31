import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { NO_NAMESPACE } from '../../../src/model.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { historyOf } from '../../../src/plan/history.ts';
import { Restarter } from '../../../src/restart/restarter.ts';
import type { RestartListener } from '../../../src/restart/restarterOptions.ts';
import { askedBy } from '../../builders/injectors.ts';
import { policy } from '../../builders/policy.ts';
import { expected, injection, NOW } from '../../builders/workload.ts';

const MESH: Mesh = { injections: [injection()], namespaces: new Map([['shop', NO_NAMESPACE]]) };

/** A restarter at a standing clock over what a test says of the cluster; the injector expects the builders' sidecar. */
export function restarterOver(
  parts: Partial<Cluster>,
  journal: Journal,
  listener: Partial<RestartListener> = {},
  mesh: Mesh = MESH,
  askAfresh: () => Promise<Answer> = async () => ({ kind: 'sidecar' as const, sidecar: expected() }),
): Restarter {
  const cluster = {
    budgets: async () => [],
    workloads: async () => [],
    canaries: async () => [],
    rejection: async () => undefined,
    ...parts,
  } as Cluster;
  const ask = async () => ({ kind: 'sidecar' as const, sidecar: expected() });
  const injectors = askedBy({ ask, askAfresh });
  const only = policy({ istiodConfigReadDelay: 0 });
  const silent = () => undefined;
  return new Restarter({
    cluster,
    observer: new Observer({ cluster, injectors, journal, policy: () => only }),
    journal,
    mesh: () => mesh,
    ruleContext: () => ({
      now: NOW,
      wall: NOW,
      policy: only,
      epochSeenAt: new Map(),
      unconfirmed: silent,
      stale: undefined,
      retryAt: new Map(),
      paused: undefined,
      notes: new Map(),
      metricGates: new Map(),
      history: historyOf(journal.entries, [], NOW),
      rolloutGroups: new Map(),
    }),
    moment: () => ({ now: NOW, policy: only, unconfirmed: silent }),
    listener: {
      sending: silent,
      restarted: silent,
      ended: silent,
      evicted: silent,
      lost: silent,
      recordRefused: silent,
      learnt: silent,
      trouble: silent,
      ...listener,
    },
    signal: new AbortController().signal,
    sleep: async () => undefined,
  });
}
