import { type ApiResource, apiVersionOf } from '../kinds/apiResource.ts';
import { findKind, ownerKind, WORKLOAD_KINDS } from '../kinds/kinds.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';
import { seemsUnclaimed } from '../kinds/unsupportedKinds.ts';
import {
  type Budget,
  type Canary,
  type EventDraft,
  keyOf,
  type PodFacts,
  type PodOwner,
  type Workload,
  type WorkloadKey,
  type WorkloadKind,
  type WorkloadRef,
} from '../model.ts';
import { FIELD_MANAGER } from '../names.ts';
import type { IsSampled, SidecarFields } from '../pods/podFields.ts';
import type { PodSource } from '../pods/podSource.ts';
import { isNotFound } from './apiError.ts';
import { listBudgets } from './budgets.ts';
import { listCanaries } from './canaries.ts';
import type { KubeClient } from './client.ts';
import type { Cluster, OwnerFacts, ServiceFacts } from './cluster.ts';
import { eventObject } from './eventObject.ts';
import { ofEachListed, restartingExpired } from './list.ts';
import { OwnerReader } from './ownerReader.ts';
import { latestRejection } from './rejection.ts';
import { resourcePath } from './resources.ts';
import { selectorQuery } from './selectorQuery.ts';
import type { Stored } from './store.ts';
import { workloadOf } from './workloads.ts';

/** Excludes terminal pods on the server. Terminating pods have no field to select them by. */
const LIVE_PODS = 'status.phase!=Succeeded,status.phase!=Failed';

const EVERY_KIND: ReadonlySet<WorkloadKind> = new Set(WORKLOAD_KINDS);

/** The number of nodes that are read at the same time. */
const NODES_AT_ONCE = 4;

interface RawService {
  readonly spec?: {
    readonly type?: string;
    readonly clusterIP?: string;
    readonly externalName?: string;
    readonly ports?: readonly { readonly port?: number }[];
  };
}

interface Owned {
  readonly metadata?: {
    readonly uid?: string;
    readonly ownerReferences?: readonly { readonly uid?: string; readonly controller?: boolean }[];
  };
}

/** APIResourceList, which discovery answers with. */
interface RawResources {
  readonly resources?: readonly { readonly name?: string }[];
}

interface RawNode {
  readonly status?: { readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] };
}

/** A node is available while its condition Ready is True. Unknown means that its kubelet has stopped reporting. */
const isReady = (node: RawNode | undefined): boolean =>
  node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** The `Cluster` port for a real API server. */
export class KubeCluster implements Cluster {
  readonly #client: KubeClient;
  readonly #podSource: PodSource;
  readonly #owners: OwnerReader;
  readonly #now: () => number;
  readonly #beforeWrite: (() => void) | undefined;

  /**
   * @param beforeWrite called synchronously right before a patch or an eviction is sent. If it throws, nothing is sent, and the call
   * rejects with its error
   */
  constructor(client: KubeClient, podSource: PodSource, now: () => number, beforeWrite?: () => void) {
    this.#client = client;
    this.#podSource = podSource;
    this.#owners = new OwnerReader(client);
    this.#now = now;
    this.#beforeWrite = beforeWrite;
  }

  async workloads(kind: WorkloadKind, namespace: string | undefined, signal: AbortSignal): Promise<Workload[]> {
    const path = resourcePath(ownerKind(kind), namespace);
    return ofEachListed(this.#client, { path, signal }, (raw: RawWorkload) => workloadOf(kind, raw));
  }

  async workload({ kind, namespace, name }: WorkloadRef): Promise<Workload | undefined> {
    const served = findKind(kind);
    // a journal or a command may name a kind that is no longer supported
    if (!served) return undefined;
    const raw = await this.#find<RawWorkload>(resourcePath(served, namespace, name));
    return raw && workloadOf(kind, raw);
  }

  async versions(
    kind: WorkloadKind,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<WorkloadKey, string>> {
    const options = { path: resourcePath(ownerKind(kind), namespace), metadataOnly: true, signal };
    const versionOf = ({ metadata }: Stored): [WorkloadKey, string] => [
      keyOf({ kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' }),
      metadata?.resourceVersion ?? '',
    ];
    return new Map(await ofEachListed(this.#client, options, versionOf));
  }

  async podsOf(workload: Workload, fields?: SidecarFields): Promise<PodFacts[]> {
    const { through } = ownerKind(workload.kind);
    const owners = through ? await this.#ownedBy(workload, through) : new Set([workload.uid]);
    const { namespace } = workload;
    const labelSelector = selectorQuery(workload.selector);
    const scan = { ...fields, namespace, labelSelector, fieldSelector: LIVE_PODS, priority: 'follow' } as const;
    const pages = await restartingExpired(() => Array.fromAsync(this.#podSource.pods(scan)));
    return pages.flat().filter(({ owner }) => owner && owners.has(owner.uid));
  }

  /** UIDs of the objects between a workload and its pods. */
  async #ownedBy({ namespace, selector, uid }: Workload, through: ApiResource): Promise<Set<string>> {
    const path = resourcePath(through, namespace);
    const labelSelector = selectorQuery(selector);
    const options = { path, labelSelector, metadataOnly: true, priority: 'follow' } as const;
    const isOwned = ({ metadata }: Owned): boolean =>
      metadata?.ownerReferences?.some((owner) => owner.controller && owner.uid === uid) ?? false;
    const uidOf = (one: Owned): string | undefined => (isOwned(one) ? (one.metadata?.uid ?? '') : undefined);
    return new Set(await ofEachListed(this.#client, options, uidOf));
  }

  pods(
    namespace: string | undefined,
    signal: AbortSignal,
    fields?: SidecarFields,
    kinds: ReadonlySet<WorkloadKind> = EVERY_KIND,
  ): AsyncIterable<PodFacts[]> {
    const place = namespace === undefined ? {} : { namespace };
    const isSampled: IsSampled = (owner, hash) => seemsUnclaimed(owner, hash, kinds);
    return this.#podSource.pods({ ...fields, ...place, fieldSelector: LIVE_PODS, signal, isSampled });
  }

  budgets(namespace: string | undefined, signal?: AbortSignal): Promise<Budget[]> {
    return listBudgets(this.#client, namespace, signal);
  }

  canaries(namespace: string | undefined, signal?: AbortSignal): Promise<Canary[]> {
    return listCanaries(this.#client, namespace, signal);
  }

  async serves(what: ApiResource): Promise<boolean> {
    const found = await this.#find<RawResources>(`/apis/${apiVersionOf(what)}`);
    return found?.resources?.some(({ name }) => name === what.resource) ?? false;
  }

  owner(namespace: string, owner: PodOwner, signal?: AbortSignal): Promise<OwnerFacts | undefined> {
    return this.#owners.read(namespace, owner, signal);
  }

  async lostNodes(names: readonly string[]): Promise<ReadonlySet<string>> {
    const lost = new Set<string>();
    for (let from = 0; from < names.length; from += NODES_AT_ONCE) {
      const some = names.slice(from, from + NODES_AT_ONCE);
      const nodes = await Promise.all(some.map((name) => this.#find<RawNode>(resourcePath('nodes', undefined, name))));
      for (const [index, name] of some.entries()) if (!isReady(nodes[index])) lost.add(name);
    }
    return lost;
  }

  async rejection(workload: Workload, since?: number): Promise<string | undefined> {
    return latestRejection(this.#client, workload, await this.podsOf(workload), since);
  }

  async service(namespace: string, name: string): Promise<ServiceFacts | undefined> {
    const raw = await this.#find<RawService>(resourcePath('services', namespace, name));
    if (!raw) return undefined;
    const { type = 'ClusterIP', clusterIP = '', externalName = '', ports = [] } = raw.spec ?? {};
    return { type, clusterIP, externalName, ports: ports.flatMap(({ port }) => port ?? []) };
  }

  async accountUid(namespace: string, name: string): Promise<string | undefined> {
    const raw = await this.#find<Owned>(resourcePath('serviceaccounts', namespace, name));
    return raw?.metadata?.uid;
  }

  async patch({ kind, namespace, name }: WorkloadRef, body: object): Promise<Workload> {
    const raw = await this.#client.request<RawWorkload>({
      method: 'PATCH',
      path: resourcePath(ownerKind(kind), namespace, name),
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body,
      priority: 'write',
      ...(this.#beforeWrite && { beforeSend: this.#beforeWrite }),
    });
    return workloadOf(kind, raw);
  }

  /** A 429 is the answer of a budget and not of a busy server, so nothing is sent again (KEP-85, registry/core/pod/storage/eviction.go). */
  async evict({ namespace, name, uid }: Pick<PodFacts, 'namespace' | 'name' | 'uid'>): Promise<void> {
    await this.#client.request({
      method: 'POST',
      path: `${resourcePath('pods', namespace, name)}/eviction`,
      body: {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { namespace, name },
        deleteOptions: { preconditions: { uid } },
      },
      priority: 'write',
      retries: 0,
      ...(this.#beforeWrite && { beforeSend: this.#beforeWrite }),
    });
  }

  async emit(event: EventDraft): Promise<void> {
    const path = resourcePath('events', event.about.namespace);
    const body = eventObject(event, this.#now());
    await this.#client.request({ method: 'POST', path, body, priority: 'event' });
  }

  async #find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.#client.request<T>({ method: 'GET', path });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
