import type { Cluster } from './cluster/cluster.ts';
import { restartingExpired } from './cluster/list.ts';
import type { DriftRules } from './compare/drift.ts';
import { type PodGroup, PodGroups, replaceable } from './compare/podGroups.ts';
import { isSupported, judge } from './compare/verdict.ts';
import { nextPodLabels } from './expect/admission.ts';
import type { Answer } from './expect/answer.ts';
import { contentHash } from './expect/epoch.ts';
import type { Injectors, Question } from './expect/injectors.ts';
import { type Match, match } from './expect/match.ts';
import type { Injection, Mesh } from './expect/mesh.ts';
import {
  type Budget,
  keyOf,
  type NamespaceFacts,
  NO_NAMESPACE,
  type PodFacts,
  WORKLOAD_KINDS,
  type Workload,
  type WorkloadKey,
  type WorkloadRef,
} from './model.ts';
import { covering } from './plan/budget.ts';
import type { Judged } from './plan/judged.ts';
import type { Policy } from './plan/policy.ts';

/** What was seen of one workload: all that a verdict needs but the injector's answer. */
export interface Sighting {
  readonly workload: Workload;
  readonly templateHash: string;
  /** The pods that a rollout would replace. */
  readonly groups: readonly PodGroup[];
  /** Pods of a DaemonSet on nodes that are not Ready: they cannot be replaced, and nobody can say what they will be. */
  readonly stranded: number;
  /** The PodDisruptionBudgets that cover its pods. */
  readonly budgets: readonly Budget[];
}

type Asked = Pick<Sighting, 'workload' | 'templateHash'>;

export interface SurveyOptions {
  readonly cluster: Cluster;
  readonly injectors: Injectors;
  /** Asked each time: it may change while the operator runs. */
  readonly policy: () => DriftRules & Pick<Policy, 'skipNamespaces'>;
}

/** Looks at workloads, whole clusters or one at a time, and judges them by what their injectors answer. */
export class Survey {
  readonly #options: SurveyOptions;

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /**
   * Sees all workloads and pods of the cluster, or of one namespace. Injectors are asked while the pods are still being read, so the
   * answers are there when the verdicts want them. Pages are no snapshot: what this sees only nominates.
   */
  async scan(mesh: Mesh, namespace: string | undefined, signal: AbortSignal): Promise<Map<WorkloadKey, Sighting>> {
    const { cluster, policy } = this.#options;
    const { skipNamespaces } = policy();
    const failed = new AbortController();
    const budgets = this.#budgets(namespace, signal);
    const pods = this.#pods(namespace, AbortSignal.any([signal, failed.signal]));
    pods.catch(() => undefined);
    const listing = WORKLOAD_KINDS.map((kind) => cluster.workloads(kind, namespace, signal));
    const lists = await Promise.all(listing).catch((error: unknown) => {
      // nobody will want the pods: a server in trouble is not to be kept busy with them
      failed.abort();
      throw error;
    });
    const workloads = lists.flat().filter((workload) => !skipNamespaces.has(workload.namespace));
    const seen = workloads.map((workload) => ({ workload, templateHash: contentHash(workload.template) }));
    const asked = Promise.all(seen.map((one) => this.#answer(mesh, one)));
    const groups = await pods;
    const all = await budgets;
    await asked;
    const sightings = new Map<WorkloadKey, Sighting>();
    for (const { workload, templateHash } of seen) {
      const mine = replaceable(workload, groups.of(keyOf(workload)));
      const counted = { workload, templateHash, groups: mine, stranded: 0, budgets: covering(all, workload) };
      const sighting = isDoubtful(counted) && !signal.aborted ? await this.look(workload) : counted;
      if (sighting) sightings.set(keyOf(workload), sighting);
    }
    return sightings;
  }

  /** What cannot be read allows nothing. */
  async #budgets(namespace: string | undefined, signal?: AbortSignal): Promise<Budget[]> {
    try {
      return await this.#options.cluster.budgets(namespace, signal);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return [{ namespace: namespace ?? '', name: '', selector: {}, allowed: 0, detail }];
    }
  }

  /** Pages that expire half-way start over with empty groups: half a scan gives no verdicts. */
  #pods(namespace: string | undefined, signal: AbortSignal): Promise<PodGroups> {
    return restartingExpired(async () => {
      const groups = new PodGroups();
      for await (const page of this.#options.cluster.pods(namespace, signal)) {
        for (const pod of page) groups.add(pod);
      }
      return groups;
    });
  }

  /** Sees one workload as it is now, its pods counted by owner UID. Undefined when it is gone. */
  async look(ref: WorkloadRef): Promise<Sighting | undefined> {
    const workload = await this.#options.cluster.workload(ref);
    if (!workload) return undefined;
    const [pods, budgets] = await Promise.all([
      this.#options.cluster.podsOf(workload),
      this.#budgets(workload.namespace),
    ]);
    const lost = await this.#lostNodes(workload, pods);
    const groups = new PodGroups();
    for (const pod of pods) if (!lost.has(pod.node)) groups.add(pod, keyOf(workload));
    return {
      workload,
      templateHash: contentHash(workload.template),
      groups: replaceable(workload, groups.of(keyOf(workload))),
      stranded: pods.filter(({ node }) => lost.has(node)).length,
      budgets: covering(budgets, workload),
    };
  }

  /** Of the nodes where a DaemonSet's pods are not ready, those that are not Ready themselves. Unreadable nodes count as Ready. */
  async #lostNodes({ kind }: Workload, pods: readonly PodFacts[]): Promise<ReadonlySet<string>> {
    const suspects = new Set(pods.flatMap(({ node, ready }) => (node && !ready ? node : [])));
    if (kind !== 'DaemonSet' || suspects.size === 0) return new Set();
    return this.#options.cluster.lostNodes([...suspects]).catch(() => new Set<string>());
  }

  /** The verdict on a sighting under the mesh as it is now. `fresh` asks the injector again whatever is kept. */
  async judge(mesh: Mesh, sighting: Sighting, fresh = false): Promise<Judged> {
    const { workload, groups, stranded, budgets } = sighting;
    const matched = matchOf(mesh, workload);
    const answer = await this.#answer(mesh, sighting, fresh);
    const verdict = judge(workload, matched, answer, groups, this.#options.policy());
    return {
      workload,
      namespace: namespaceOf(mesh, workload),
      verdict,
      groups,
      stranded,
      budgets,
      ...(matched.kind === 'entry' && { injection: matched.entry }),
    };
  }

  async #answer(mesh: Mesh, sighting: Asked, fresh = false): Promise<Answer | undefined> {
    const asked = questionOf(mesh, sighting);
    if (!asked) return undefined;
    return fresh ? this.#options.injectors.askAfresh(asked) : this.#options.injectors.ask(asked);
  }
}

/** Pages of pods are not compared with nodes: a DaemonSet with a pod that is not ready is looked at by itself. */
const isDoubtful = ({ workload, groups }: Sighting): boolean =>
  workload.kind === 'DaemonSet' && groups.some(({ ready }) => !ready);

/** What is to be asked about a workload, and whom; undefined where nobody single would inject it or it is never restarted anyway. */
export function questionOf(mesh: Mesh, { workload, templateHash }: Asked): Question | undefined {
  const matched = matchOf(mesh, workload);
  if (matched.kind !== 'entry' || workload.deleting || !isSupported(workload)) return undefined;
  const { namespace, name, template } = workload;
  const { proxyConfigs } = namespaceOf(mesh, workload);
  // answers that a ProxyConfig of the namespace has changed are others
  const hash = proxyConfigs === undefined ? templateHash : `${templateHash}.${proxyConfigs}`;
  return { injection: matched.entry, namespace, name, template, templateHash: hash };
}

/** Which injection the API server would call for the workload's next pod. */
export function matchOf(mesh: Mesh, workload: Workload): Match<Injection> {
  return match(mesh.injections, mesh.namespaces.get(workload.namespace)?.labels, nextPodLabels(workload), workload);
}

const namespaceOf = (mesh: Mesh, { namespace }: Workload): NamespaceFacts =>
  mesh.namespaces.get(namespace) ?? NO_NAMESPACE;
