import { ANNOTATION, RESTARTED_AT } from '../../src/names.ts';
import type { Api, ApiObject } from './api.ts';
import type { Write } from './audit.ts';
import { pathOf } from './paths.ts';
import { until } from './until.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from './workloads.ts';

const DEADLINE_MS = 10_000;

interface Workload extends ApiObject {
  readonly spec: { readonly template: { readonly metadata?: { readonly annotations?: Record<string, string> } } };
}

interface Listed {
  readonly items: readonly Workload[];
  readonly metadata: { readonly resourceVersion: string };
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR';
  readonly object: Workload & { readonly code?: number; readonly message?: string };
}

/** What was last seen of a workload. */
interface Seen {
  readonly version: bigint;
  readonly restartedAt: string | undefined;
  readonly outcome: string | undefined;
}

/**
 * What an operator wrote on workloads, for clusters whose audit log cannot be read. A restart is a new time in the pod template which is
 * also the one in Meltemi's record; an outcome is a new outcome in that record. A watch shows every version of an object, so that no
 * restart hides behind the next. Refused writes cannot be seen. What is written belongs to the operator whose user was made last.
 */
export class WorkloadWrites {
  readonly #api: Api;
  readonly #end = new AbortController();
  readonly #seen = new Map<string, Seen>();
  readonly #writes: { readonly user: string; readonly write: Write }[] = [];
  #user = '';
  #broken: Error | undefined;

  private constructor(api: Api) {
    this.#api = api;
  }

  static async start(api: Api): Promise<WorkloadWrites> {
    const writes = new WorkloadWrites(api);
    for (const kind of WORKLOAD_KINDS) {
      const { items, metadata } = await api.get<Listed>(pathOf(kind));
      for (const item of items) writes.#take(kind, item);
      void writes.#follow(kind, metadata.resourceVersion);
    }
    return writes;
  }

  /** From now on, what is written is this user's. */
  attributeTo(user: string): void {
    this.#user = user;
  }

  /** As the audit log has it: restarts and outcomes that the API server accepted, oldest first, by the time at which they were seen. */
  async writes(user: string, since = 0): Promise<Write[]> {
    await until('the watch to have seen all workloads as they are', DEADLINE_MS, () => this.#hasCaughtUp(), 20);
    return this.#writes.filter((one) => one.user === user && one.write.time >= since).map(({ write }) => write);
  }

  stop(): void {
    this.#end.abort();
  }

  async #hasCaughtUp(): Promise<boolean> {
    if (this.#broken) throw this.#broken;
    const listed = await Promise.all(WORKLOAD_KINDS.map((kind) => this.#api.list<Workload>(pathOf(kind))));
    return listed.flat().every(({ metadata }) => {
      const seen = this.#seen.get(metadata.uid);
      return seen !== undefined && seen.version >= BigInt(metadata.resourceVersion);
    });
  }

  /** API servers end a watch now and then; it goes on where it ended. */
  async #follow(kind: WorkloadKind, from: string): Promise<void> {
    let version = from;
    try {
      while (!this.#end.signal.aborted)
        for await (const line of this.#api.watch(pathOf(kind), version, this.#end.signal))
          version = this.#apply(kind, JSON.parse(line));
    } catch (error) {
      if (!this.#end.signal.aborted) this.#broken = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** @returns the version from which the watch can go on */
  #apply(kind: WorkloadKind, { type, object }: WatchEvent): string {
    if (type === 'ERROR') throw new Error(`the watch of ${kind}s broke: ${object.code} ${object.message}`);
    if (type === 'DELETED') this.#seen.delete(object.metadata.uid);
    else this.#take(kind, object);
    return object.metadata.resourceVersion;
  }

  #take(kind: WorkloadKind, { metadata, spec }: Workload): void {
    const before = this.#seen.get(metadata.uid);
    const record = metadata.annotations ?? {};
    const now: Seen = {
      version: BigInt(metadata.resourceVersion),
      restartedAt: spec.template.metadata?.annotations?.[RESTARTED_AT],
      outcome: record[ANNOTATION.outcome],
    };
    this.#seen.set(metadata.uid, now);
    if (!before) return;
    const isOurs = now.restartedAt !== undefined && now.restartedAt === record[ANNOTATION.restartedAt];
    if (isOurs && now.restartedAt !== before.restartedAt)
      this.#note(kind, metadata, { spec: { template: spec.template } });
    if (now.outcome && now.outcome !== before.outcome)
      this.#note(kind, metadata, { metadata: { annotations: { [ANNOTATION.outcome]: now.outcome } } });
  }

  #note(kind: WorkloadKind, { namespace = '', name }: Workload['metadata'], body: object): void {
    const resource = `${kind.toLowerCase()}s`;
    const write = {
      time: Date.now(),
      verb: 'patch',
      resource,
      subresource: '',
      namespace,
      name,
      code: 200,
      userAgent: '',
      body,
    };
    this.#writes.push({ user: this.#user, write });
  }
}
