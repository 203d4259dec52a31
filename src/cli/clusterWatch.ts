import type { KubeClient } from '../cluster/client.ts';
import { systemClock } from '../cluster/clock.ts';
import type { KubeCluster } from '../cluster/kubeCluster.ts';
import { Reflector } from '../cluster/reflector.ts';
import { resourcePath } from '../cluster/resources.ts';
import type { Lease } from '../leader/lease.ts';
import { messageOf } from '../messageOf.ts';
import { LEASE_NAME } from '../names.ts';
import type { ClusterStatus, NoStatus, UnreadCluster } from '../status/clusterStatus.ts';
import { foundLease, type LeaseStatus, leaseStatus } from './leaseStatus.ts';
import { RolloutWatch } from './rolloutWatch.ts';

export interface ClusterWatchOptions {
  readonly client: KubeClient;
  readonly cluster: KubeCluster;
  /** As it is shown. */
  readonly name: string;
  /** The namespace of the Lease. */
  readonly home: string;
  /** Whether to watch workloads in flight too. */
  readonly rollouts: boolean;
  readonly signal: AbortSignal;
  readonly onChange: () => void;
}

/** Follows one cluster: its Lease, and the workloads in flight. It watches both, and asks for nothing again and again. */
export class ClusterWatch {
  readonly #options: ClusterWatchOptions;
  readonly #leases: Reflector<Lease>;
  readonly #rollouts: RolloutWatch | undefined;
  readonly #warnings: string[] = [];
  /** When the Lease last changed, by the wall clock of this process. */
  #seenAt: number | undefined;
  readonly #failed = Promise.withResolvers<void>();
  /** Read once for each change of the Lease. */
  #read: { readonly lease: Lease; readonly status: LeaseStatus | NoStatus } | undefined;

  constructor(options: ClusterWatchOptions) {
    const { client, cluster, home, signal, rollouts, onChange } = options;
    this.#options = options;
    const warn = (words: string): void => {
      if (this.#warnings.includes(words)) return;
      this.#warnings.push(words);
      onChange();
    };
    if (rollouts) this.#rollouts = new RolloutWatch({ client, cluster, clock: systemClock, signal, onChange, warn });
    this.#leases = new Reflector<Lease>({
      client,
      path: resourcePath('leases', home),
      fieldSelector: `metadata.name=${LEASE_NAME}`,
      signal,
      onError: () => {
        this.#failed.resolve();
        onChange();
      },
    });
    this.#leases.onChange(({ before }) => {
      if (before) this.#seenAt = Date.now();
      const status = this.#leaseStatus(Date.now());
      if (!('error' in status)) this.#rollouts?.follow(status.document.workloads);
      onChange();
    });
    this.#leases.start();
  }

  /** Resolves at the first list of Leases, or when stopped or failed. */
  get listed(): Promise<void> {
    return Promise.race([this.#leases.synced, this.#failed.promise]);
  }

  /** What is known now. After a failure the last Lease is still shown, with a warning. */
  current(now: number): ClusterStatus | UnreadCluster {
    const { name: cluster } = this.#options;
    const status = this.#leaseStatus(now);
    if ('error' in status) return { cluster, ...status };
    const rollouts = this.#rollouts?.facts() ?? new Map();
    const problem = this.#problem;
    if (problem === undefined) return { cluster, ...status, rollouts, warnings: this.#warnings };
    return { cluster, ...status, rollouts, warnings: [problem, ...this.#warnings], problem };
  }

  /** Why the Lease is not followed now. */
  get #problem(): string | undefined {
    const { lastError } = this.#leases;
    return lastError && messageOf(lastError);
  }

  #leaseStatus(now: number): LeaseStatus | NoStatus {
    const { home } = this.#options;
    const lease = this.#leases.items()[0];
    const found = lease && foundLease(lease);
    if (!found) return { error: this.#problem ?? `namespace ${home} has no Lease ${LEASE_NAME}` };
    if (this.#read?.lease === lease && 'error' in this.#read.status) return this.#read.status;
    const known = this.#read?.lease === lease ? this.#read.status : undefined;
    const status = leaseStatus(found, now, this.#seenAt, known && !('error' in known) ? known.document : undefined);
    this.#read = { lease, status };
    return status;
  }
}
