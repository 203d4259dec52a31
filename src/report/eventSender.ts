import type { Cluster } from '../cluster/cluster.ts';
import { MESSAGE_LIMIT } from '../cluster/eventObject.ts';
import { apiVersionOf } from '../kinds/apiResource.ts';
import { ownerKind } from '../kinds/kinds.ts';
import type { EventTarget, WorkloadRef } from '../model.ts';
import { LEASE_NAME } from '../names.ts';
import { escapedBytes } from './escaped.ts';
import { EVENT_REASONS, type EventReason } from './events.ts';
import { errorFields, type Logger } from './logger.ts';

/** The workload that an Event is about. */
export type EventSubject = WorkloadRef & { readonly uid: string };

/** Sends Events about workloads, and about Meltemi's own Lease. */
export class EventSender {
  readonly #cluster: Pick<Cluster, 'emit'>;
  readonly #logger: Logger;
  readonly #lease: EventTarget;

  /** @param namespace of the Lease */
  constructor(cluster: Pick<Cluster, 'emit'>, logger: Logger, namespace: string) {
    this.#cluster = cluster;
    this.#logger = logger;
    this.#lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: LEASE_NAME, uid: '' };
  }

  /** Sends an Event about a workload. */
  about({ kind, namespace, name, uid }: EventSubject, reason: EventReason, message: string): void {
    this.#send(reason, { apiVersion: apiVersionOf(ownerKind(kind)), kind, namespace, name, uid }, message);
  }

  /** Sends an Event that concerns no single workload. */
  general(reason: EventReason, message: string): void {
    this.#send(reason, this.#lease, message);
  }

  /**
   * Events are a courtesy: one that cannot be sent is logged and forgotten. `kubectl describe` and `kubectl get events` print messages as
   * they are, so foreign text in them must not act on a terminal.
   */
  #send(reason: EventReason, about: EventTarget, message: string): void {
    const { type } = EVENT_REASONS[reason];
    this.#cluster
      .emit({ type, reason, about, message: escapedBytes(message, MESSAGE_LIMIT) })
      .catch((error: unknown) => {
        this.#logger.warn('Event not sent', { reason, ...errorFields(error) });
      });
  }
}
