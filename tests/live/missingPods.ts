import type { Api, ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';

interface Pod extends ApiObject {
  readonly metadata: ApiObject['metadata'] & {
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly name: string }[];
  };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/**
 * Watches the pods of a namespace, and counts how many are missing at a time: deleted, terminating or not Ready. It counts against the pods
 * that are there when it starts, so start it when all are Ready.
 */
export class MissingPods {
  /** The most that a workload lacked at a time, by its name. */
  readonly most = new Map<string, number>();
  /** The most workloads that lacked pods at the same time. */
  mostAtOnce = 0;
  /** UIDs of all pods that there were, by the name of the pod. */
  readonly uids = new Map<string, Set<string>>();
  /** How many pods each workload had when it began. */
  readonly #wanted = new Map<string, number>();
  /** The owner of each pod that is Ready. */
  readonly #ready = new Map<string, string>();
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  static async of(api: Api, namespace: string): Promise<MissingPods> {
    const missing = new MissingPods();
    const path = pathOf('Pod', namespace);
    const { metadata, items } = await api.get<{ metadata: { resourceVersion: string }; items: Pod[] }>(path);
    for (const pod of items) missing.#want(pod);
    for (const pod of items) missing.#take(pod, false);
    missing.#running = missing.#follow(api, path, metadata.resourceVersion);
    return missing;
  }

  #want(pod: Pod): void {
    this.#wanted.set(ownerOf(pod), (this.#wanted.get(ownerOf(pod)) ?? 0) + 1);
    this.#ready.set(pod.metadata.name, ownerOf(pod));
  }

  async #follow(api: Api, path: string, version: string): Promise<void> {
    try {
      for await (const line of api.watch(path, version, this.#stop.signal)) {
        const { type, object }: { type: string; object: Pod } = JSON.parse(line);
        this.#take(object, type === 'DELETED');
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  #take(pod: Pod, isGone: boolean): void {
    const { metadata, status } = pod;
    const { name, uid, deletionTimestamp } = metadata;
    const isReady = status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;
    if (isReady && !deletionTimestamp && !isGone) this.#ready.set(name, ownerOf(pod));
    else this.#ready.delete(name);
    this.uids.set(name, (this.uids.get(name) ?? new Set()).add(uid ?? ''));
    const owners = [...this.#ready.values()];
    const lacking = [...this.#wanted].map(([owner, wanted]) => ({
      owner,
      count: wanted - owners.filter((one) => one === owner).length,
    }));
    for (const { owner, count } of lacking)
      if (count > 0) this.most.set(owner, Math.max(count, this.most.get(owner) ?? 0));
    this.mostAtOnce = Math.max(this.mostAtOnce, lacking.filter(({ count }) => count > 0).length);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

const ownerOf = ({ metadata }: Pod): string => metadata.ownerReferences?.[0]?.name ?? '';
