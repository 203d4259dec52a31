import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Budget, Canary, PodFacts, Workload, WorkloadKey, WorkloadKind, WorkloadRef } from '../../src/model.ts';
import { keyOf, refOf } from '../../src/model.ts';
import type { Controlled } from './controlled.ts';
import { failure } from './faults.ts';
import { narrow } from './manifest.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import { type Attempt, covers } from './referee.ts';
import type { Verb } from './rights.ts';
import type { World } from './world.ts';

/** The kinds whose controllers are simulated and whose objects are listed. */
const LISTED: ReadonlySet<WorkloadKind> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout']);

/** What a list is called. */
export const listOf = (kind: string, namespace: string | undefined): string =>
  namespace === undefined ? kind : `${kind} in ${namespace}`;

/** The port, as one process has it: every call crosses the weather, and every write passes the fence and the referee's eyes. */
export class SimulatedCluster implements Cluster {
  readonly #world: World;
  readonly #process: OperatorProcess;
  readonly #fence: () => void;

  constructor(world: World, process: OperatorProcess, fence: () => void) {
    this.#world = world;
    this.#process = process;
    this.#fence = fence;
  }

  /** @param asks what the account must be allowed to do for it */
  #read<T>(
    path: string,
    read: () => T,
    {
      arrived = () => undefined,
      asks,
    }: { readonly arrived?: (value: T) => void; readonly asks?: readonly [Verb, string, string | undefined] } = {},
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const { time, weather } = this.#world;
    const { lane } = this.#process;
    const { there, back, mishap } = weather.read();
    time.after(there, () => {
      const fails = this.#world.failsNow(path);
      const problem = asks && this.#world.forbids(...asks) ? 'forbidden' : mishap || fails ? 'refused' : undefined;
      const value = read();
      const servedAt = time.now;
      lane.wake(back, () => {
        this.#world.referee.hasRead(this.#process, path, problem ? undefined : servedAt);
        if (problem) return reject(failure('GET', path, problem));
        arrived(value);
        resolve(value);
      });
    });
    return promise;
  }

  #of(namespace: string | undefined): readonly Controlled[] {
    return this.#world.existing().filter((one) => namespace === undefined || one.namespace === namespace);
  }

  workloads(kind: WorkloadKind, namespace: string | undefined): Promise<Workload[]> {
    if (!LISTED.has(kind)) return Promise.resolve([]);
    return this.#read(
      listOf(kind, namespace),
      () =>
        this.#of(namespace)
          .filter((one) => one.kind === kind)
          .map(({ workload }) => workload),
      { asks: ['list', kind, namespace] },
    );
  }

  workload(ref: WorkloadRef): Promise<Workload | undefined> {
    this.#world.referee.reads(this.#process, keyOf(ref));
    return this.#read(keyOf(ref), () => this.#world.find(keyOf(ref))?.workload, {
      asks: ['get', ref.kind, ref.namespace],
    });
  }

  versions(kind: WorkloadKind, namespace: string | undefined): Promise<ReadonlyMap<WorkloadKey, string>> {
    const read = (): ReadonlyMap<WorkloadKey, string> => {
      const some = this.#of(namespace).filter((one) => one.kind === kind);
      return new Map(some.map(({ workload }) => [keyOf(workload), workload.resourceVersion]));
    };
    return this.#read(kind, read, { asks: ['list', kind, namespace] });
  }

  podsOf(workload: Workload): Promise<PodFacts[]> {
    const read = (): PodFacts[] => {
      const found = this.#world.find(keyOf(workload));
      return found?.manifest.metadata.uid === workload.uid ? found.facts() : [];
    };
    return this.#read(keyOf(workload), read, { asks: ['list', 'Pod', workload.namespace] });
  }

  /** Two pages, and what happens between them is in the second only. */
  async *pods(namespace: string | undefined): AsyncIterable<PodFacts[]> {
    for (const page of [0, 1]) {
      yield await this.#read(
        'pods',
        () =>
          this.#of(namespace)
            .filter((_one, index) => index % 2 === page)
            .flatMap((one) => one.facts()),
        { asks: ['list', 'Pod', namespace] },
      );
    }
  }

  budgets(namespace: string | undefined): Promise<Budget[]> {
    return this.#read('budgets', () => this.#world.budgets(namespace), {
      arrived: (budgets) => this.#process.readBudgets(budgets, namespace),
      asks: ['list', 'PodDisruptionBudget', namespace],
    });
  }

  canaries(): Promise<Canary[]> {
    const { flagger } = this.#world;
    if (!flagger.isInstalled) return Promise.resolve([]);
    return this.#read('canaries', () => flagger.canaries(), { asks: ['list', 'Canary', undefined] });
  }

  serves(): Promise<boolean> {
    return Promise.resolve(true);
  }

  accountUid(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  owner(): Promise<undefined> {
    return this.#read('owner', () => undefined);
  }

  lostNodes(names: readonly string[]): Promise<ReadonlySet<string>> {
    const read = (): ReadonlySet<string> => new Set(names.filter((name) => this.#world.lostNodes.has(name)));
    return this.#read('nodes', read, { asks: ['get', 'Node', undefined] });
  }

  rejection(): Promise<string | undefined> {
    return this.#read('events', () => undefined);
  }

  service(): Promise<undefined> {
    return this.#read('service', () => undefined);
  }

  emit(): Promise<void> {
    return Promise.resolve();
  }

  async evict(pod: Pick<PodFacts, 'namespace' | 'name' | 'uid'>): Promise<void> {
    const { time, weather, referee } = this.#world;
    const { lane } = this.#process;
    const { queued, there, back, mishap, late } = weather.write();
    const path = `${pod.namespace}/${pod.name}`;
    const attempt = referee.decidedEviction(this.#process, pod);
    if (queued > 0) await lane.sleep(queued);
    this.#fence();
    referee.sent(attempt);
    referee.sentEviction(attempt);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (late !== undefined) {
      time.after(there + late, () => this.#landEviction(attempt, pod));
      lane.wake(there, () => reject(failure('POST', path, 'lost')));
      return promise;
    }
    time.after(there, () => {
      const outcome = mishap === 'refused' ? mishap : this.#landEviction(attempt, pod);
      lane.wake(back, () => {
        if (outcome !== 'evicted') return reject(failure('POST', path, outcome));
        if (mishap === 'lost') return reject(failure('POST', path, 'lost'));
        resolve();
      });
    });
    return promise;
  }

  /** As the API server does: for this very pod, if its budgets allow it (pkg/registry/core/pod/storage/eviction.go). */
  #landEviction(
    attempt: Attempt,
    { name, uid }: Pick<PodFacts, 'name' | 'uid'>,
  ): 'evicted' | 'conflict' | 'gone' | 'spent' | 'refused' | 'forbidden' {
    if (this.#world.forbids('create', 'Eviction', refOf(attempt.key as WorkloadKey).namespace)) return 'forbidden';
    const found = this.#world.find(attempt.key);
    const pod = found?.pods.find(({ facts }) => facts.name === name);
    if (!found || !pod) return 'gone';
    if (pod.facts.uid !== uid) return 'conflict';
    const spent =
      pod.ready && this.#world.budgets(found.namespace).some((one) => one.allowed < 1 && covers(one, found.workload));
    if (spent) return 'spent';
    this.#world.referee.evicted(attempt, found, pod);
    found.evict(pod);
    this.#world.afterLanding(this.#process, attempt);
    return 'evicted';
  }

  async patch(ref: WorkloadRef, body: object): Promise<Workload> {
    const { time, weather, referee } = this.#world;
    const { lane } = this.#process;
    const { queued, there, back, mishap, late } = weather.write();
    const path = keyOf(ref);
    const attempt = referee.decided(this.#process, path, body);
    if (queued > 0) await lane.sleep(queued);
    this.#fence();
    referee.sent(attempt);
    const { promise, resolve, reject } = Promise.withResolvers<Workload>();
    if (late !== undefined) {
      time.after(there + late, () => this.#land(attempt, path, body));
      lane.wake(there, () => reject(failure('PATCH', path, 'lost')));
      return promise;
    }
    time.after(there, () => {
      const outcome = mishap === 'refused' || mishap === 'conflict' ? mishap : this.#land(attempt, path, body);
      lane.wake(back, () => {
        if (typeof outcome === 'string') return reject(failure('PATCH', path, outcome));
        if (mishap === 'lost') return reject(failure('PATCH', path, 'lost'));
        resolve(outcome);
      });
    });
    return promise;
  }

  #land(attempt: Attempt, path: string, body: object): Workload | 'conflict' | 'gone' | 'denied' | 'forbidden' {
    const { kind, namespace } = refOf(path as WorkloadKey);
    if (this.#world.forbids('patch', kind, namespace)) return 'forbidden';
    const found = this.#world.find(path);
    if (!found) return 'gone';
    const before = found.manifest;
    const refused = this.#world.merge(found, body);
    if (refused) return refused;
    this.#world.referee.landed(attempt, found, before);
    this.#world.afterLanding(this.#process, attempt);
    return narrow(found.kind, found.manifest);
  }
}
