import { isForbidden } from '../cluster/apiError.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { restartingExpired } from '../cluster/list.ts';
import { CANARIES } from '../cluster/resources.ts';
import { type DriftRules, readsConfig } from '../compare/drift.ts';
import { countOf, isInjected, PodGroups, PodsByController, replaceable } from '../compare/podGroups.ts';
import { ConcurrencyLimit } from '../expect/concurrencyLimit.ts';
import type { Injectors } from '../expect/injectors.ts';
import { matchesOf, type SourceMatch, sourcesIn } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { Asked } from '../expect/questionOf.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import type { Journal } from '../journal/journal.ts';
import { nameOf } from '../kinds/apiResource.ts';
import { KINDS, ownerKind } from '../kinds/kinds.ts';
import type { OwnerKind } from '../kinds/ownerKind.ts';
import { loopSlices } from '../loopSlices.ts';
import { messageOf } from '../messageOf.ts';
import {
  type Budget,
  keyOf,
  type PodFacts,
  type Workload,
  type WorkloadKey,
  type WorkloadKind,
  type WorkloadRef,
} from '../model.ts';
import { type Answered, assess } from '../plan/assess.ts';
import type { Assessed } from '../plan/assessed.ts';
import { covering } from '../plan/budget.ts';
import type { Policy } from '../plan/policy.ts';
import type { SidecarFields } from '../pods/podFields.ts';
import { Answers } from './answers.ts';
import { lenderOf, missingLender, withTemplateOf } from './borrowedTemplate.ts';
import { Claims } from './claims.ts';
import { type Counted, doubtOf, worthALook } from './doubt.ts';
import { lookAtFound } from './foundByPods.ts';
import type { Observed } from './observed.ts';
import { OptionalLists } from './optionalLists.ts';
import { type Assigned, PodOwners } from './podOwners.ts';
import { survey } from './survey.ts';
import { TemplateHashes } from './templateHashes.ts';
import { UnsupportedOwners } from './unsupportedOwners.ts';

export interface ObserverOptions {
  readonly cluster: Cluster;
  readonly injectors: Injectors;
  /** What is known of earlier restarts. */
  readonly journal: Pick<Journal, 'of' | 'learnt'>;
  /** Asked each time: it may change while the operator runs. */
  readonly policy: () => DriftRules & Pick<Policy, 'skipNamespaces' | 'sources' | 'kinds' | 'onDelete'>;
  /** Looks at single workloads that one scan may cost; 50 by default. */
  readonly looks?: number;
  /**
   * Whether a scan lists pods only after their workloads. This takes a moment longer, and is what `unchanged` rests on: what is read of the
   * pods is then never older than the version of their workload.
   */
  readonly podsLast?: boolean;
  /** Called once for a missing right that can be done without: what cannot be read, and what is assumed instead. */
  readonly onMissingRight?: (what: string, error: unknown) => void;
  /** Called once for an optional API that is served and may not be read: what cannot be read, and what follows. */
  readonly onForbidden?: (what: string, error: unknown) => void;
  /** Called once for each kind of owner that cannot be read. Its objects are listed, but not their own owners. */
  readonly onUnreadOwner?: (kind: string, error: unknown) => void;
  /** Called once for an optional kind whose API is not served. */
  readonly onNotServed?: (resource: string) => void;
}

/** A workload with its matches. */
interface Matched extends Pick<Asked, 'workload' | 'templateHash'> {
  readonly matches: readonly SourceMatch[];
}

/** What a scan lists. */
interface Lists {
  readonly mesh: Mesh;
  readonly workloads: readonly Workload[];
  readonly claimOf: ReturnType<Claims['ofScan']>;
  readonly budgets: readonly Budget[];
  readonly pods: Promise<PodsByController>;
}

/** What workloads are completed with. */
interface Near extends Pick<Lists, 'budgets' | 'claimOf'>, Pick<Assigned, 'owned'>, Pick<Policy, 'skipNamespaces'> {}

const LOOKS = 50;
/** Of those at the same time. */
const AT_ONCE = 4;

/** Looks at workloads, whole clusters or one at a time, and judges them by what their injectors answer. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #hashes = new TemplateHashes();
  readonly #answers: Answers;
  readonly #owners = new PodOwners();
  readonly #unsupported: UnsupportedOwners;
  /** The budgets of each namespace as they were read last, by whatever look or scan. */
  #newestBudgets = new Map<string, readonly Budget[]>();
  #nodesForbidden = false;
  readonly #optional: OptionalLists;
  readonly #claims: Claims;

  constructor(options: ObserverOptions) {
    this.#options = options;
    const { cluster, onNotServed, onForbidden } = options;
    this.#answers = new Answers(options);
    this.#unsupported = new UnsupportedOwners(options);
    this.#optional = new OptionalLists({
      cluster,
      // no workload is missing without Flagger
      onNotServed: (what) => what !== CANARIES && onNotServed?.(nameOf(what)),
      onForbidden: (what, error) =>
        onForbidden?.(`${nameOf(what)}, so ${what === CANARIES ? 'primaries wait' : 'none is restarted'}`, error),
    });
    this.#claims = new Claims(cluster, this.#optional);
  }

  /**
   * Sees all workloads and pods of the cluster, or of one namespace. Injectors are asked while the pods are still being read, so the
   * answers are there when the verdicts want them. Pages are no snapshot: what this sees only nominates.
   * @param coming the mesh; objects are listed while it is still being read
   * @throws {ApiError} when something cannot be listed; a single workload that cannot be looked at by itself is marked as unread
   */
  async scan(
    coming: Mesh | Promise<Mesh>,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<Map<WorkloadKey, Observed>> {
    // an edit meanwhile asks for another scan
    const { skipNamespaces } = this.#options.policy();
    const failed = new AbortController();
    const both = AbortSignal.any([signal, failed.signal]);
    const { mesh, workloads, claimOf, budgets, pods } = await this.#lists(coming, namespace, both).catch(
      (error: unknown) => {
        // the pods are of no use now, and a server in trouble should not list them
        failed.abort();
        throw error;
      },
    );
    this.#hashes.keepOnly(workloads, namespace);
    const asked = await this.#askAll(mesh, workloads);
    const byController = await pods;
    await asked.answered;
    this.#owners.keepOnly(byController, namespace);
    const { owned, unclaimed } = await this.#owners.assign(byController, workloads);
    const counted = await this.#counted(asked.seen, { owned, budgets, claimOf, skipNamespaces });
    const observations = new Map<WorkloadKey, Observed>();
    for (const one of await this.#observeDoubtful(counted, signal)) observations.set(keyOf(one.workload), one);
    // meanwhile, the looks have found the owners of some of them
    const ofNobody = unclaimed.filter((controller) => !this.#owners.knows(controller));
    const kinds = new Set(this.#seenKinds(namespace).map(({ kind }) => kind));
    const unsupported = await this.#unsupported.observe(mesh, byController, ofNobody, {
      namespace,
      signal: both,
      kinds,
    });
    const look = (ref: WorkloadRef) => (signal.aborted ? Promise.resolve(undefined) : this.observe(ref));
    for (const one of await lookAtFound(unsupported, this.#options.policy().kinds, look))
      observations.set(keyOf(one.workload), one);
    return observations;
  }

  /** Everything that a scan lists, and the mesh. The pods may still be on their way, so that injectors are asked meanwhile. */
  async #lists(coming: Mesh | Promise<Mesh>, namespace: string | undefined, signal: AbortSignal): Promise<Lists> {
    const { policy, podsLast = false } = this.#options;
    const budgets = this.#budgets(namespace, signal);
    const fields = this.#fieldsOf(coming instanceof Promise ? policy() : coming);
    const listPods = (): Promise<PodsByController> => this.#pods(namespace, signal, fields);
    const early = podsLast ? undefined : listPods();
    const canaries = this.#claims.canaries(namespace, signal);
    const lists = Promise.all(this.#kinds().map((kind) => this.#listed(kind, namespace, signal)));
    const pods = early ?? lists.then(listPods);
    // the first failure is thrown; those of the others must not be unhandled
    for (const one of [budgets, pods, canaries, lists]) one.catch(() => undefined);
    const [all, ofFlagger, listed, mesh] = await Promise.all([budgets, canaries, lists, coming]);
    const workloads = withTemplates(listed.flat());
    const claimOf = this.#claims.ofScan(namespace, workloads, ofFlagger);
    return { mesh, workloads, claimOf, budgets: all, pods };
  }

  /** The workloads with their pods. Of namespaces that are skipped, only what has to do with the mesh is kept. */
  async #counted(seen: readonly Matched[], { owned, budgets, claimOf, skipNamespaces }: Near): Promise<Counted[]> {
    const budgetsIn = Map.groupBy(budgets, (budget) => budget.namespace);
    const counted: Counted[] = [];
    const slices = loopSlices();
    for (const { workload, templateHash, matches } of seen) {
      await slices.step();
      const groups = owned.get(keyOf(workload)) ?? [];
      const isOfMesh = matches.some(({ match }) => match.kind !== 'none') || groups.some(isInjected);
      if (skipNamespaces.has(workload.namespace) && !isOfMesh) continue;
      const near = [...(budgetsIn.get(workload.namespace) ?? []), ...(budgetsIn.get('') ?? [])];
      const observed: Observed = {
        workload,
        templateHash,
        groups: replaceable(workload, groups),
        onLostNodes: 0,
        budgets: covering(near, workload),
        ...claimOf(workload),
        ...unreadWithout(workload),
      };
      counted.push({ observed, pods: countOf(groups), doubt: doubtOf(workload, groups, isOfMesh) });
    }
    return counted;
  }

  /** The kinds that are listed: those that the policy does not switch off. */
  #kinds(): readonly OwnerKind[] {
    const { kinds } = this.#options.policy();
    return KINDS.filter(({ kind, foundByPods }) => kinds.has(kind) && !foundByPods);
  }

  /** Of these, the kinds that could be listed, or have not been yet. */
  #seenKinds(namespace: string | undefined): readonly OwnerKind[] {
    return this.#kinds().filter((kind) => this.#optional.whyAbsent(kind, namespace) === undefined);
  }

  /** Whether the workloads of a kind may be listed, as far as is known. If not, scans show none of them. */
  mayList(kind: WorkloadKind, namespace: string | undefined): boolean {
    return this.#optional.whyAbsent(ownerKind(kind), namespace) !== 'forbidden';
  }

  /** The workloads of one kind; none of an optional kind whose API is not served or may not be read. */
  async #listed(kind: OwnerKind, namespace: string | undefined, signal: AbortSignal): Promise<Workload[]> {
    const read = (): Promise<Workload[]> => this.#options.cluster.workloads(kind.kind, namespace, signal);
    return kind.optional ? ((await this.#optional.list(kind, namespace, read)) ?? []) : read();
  }

  /** Begins to ask about all of them, without blocking other work. */
  async #askAll(mesh: Mesh, workloads: readonly Workload[]): Promise<{ seen: Matched[]; answered: Promise<unknown> }> {
    const seen: Matched[] = [];
    const answers: Promise<unknown>[] = [];
    const slices = loopSlices();
    for (const workload of workloads) {
      await slices.step();
      const one = { workload, templateHash: this.#hashes.of(workload), matches: matchesOf(mesh, workload) };
      seen.push(one);
      for (const matched of one.matches) {
        const answer = this.#answers.to(mesh, { ...one, ...matched });
        answer.catch(() => undefined);
        answers.push(answer);
      }
    }
    return { seen, answered: Promise.all(answers) };
  }

  /**
   * Looks singly at workloads of which the pages do not show enough, a few at a time and no more than a scan may cost. A workload whose
   * pods remain unclear is marked as unread: it gets no verdict, and the next scan looks at it.
   */
  async #observeDoubtful(counted: readonly Counted[], signal: AbortSignal): Promise<Observed[]> {
    const { looks = LOOKS } = this.#options;
    const chosen = worthALook(counted, looks);
    const turns = new ConcurrencyLimit(AT_ONCE);
    const seen = await Promise.all(
      counted.map((one) => {
        if (chosen.has(one)) return turns.take(() => this.#observeOne(one, signal));
        const why =
          `its controller has ${one.observed.workload.rollout.existing} pods and ${one.pods} were found. One scan ` +
          `looks at a limited number of such workloads; the next scan goes on`;
        return one.doubt === 'mismatch' ? { ...one.observed, unread: why } : one.observed;
      }),
    );
    return seen.filter((observed) => observed !== undefined);
  }

  async #observeOne({ observed }: Counted, signal: AbortSignal): Promise<Observed | undefined> {
    if (signal.aborted) return observed;
    try {
      return await this.observe(observed.workload);
    } catch (error) {
      // one that cannot be looked at is no reason to see nothing of the others
      return { ...observed, unread: messageOf(error) };
    }
  }

  /**
   * A budget that cannot be read allows nothing, whatever the reason. The reason is named, and workloads that wait for it are read again.
   */
  async #budgets(namespace: string | undefined, signal?: AbortSignal): Promise<Budget[]> {
    try {
      const budgets = await this.#options.cluster.budgets(namespace, signal);
      if (namespace === undefined) this.#newestBudgets = Map.groupBy(budgets, (budget) => budget.namespace);
      else this.#newestBudgets.set(namespace, budgets);
      return budgets;
    } catch (error) {
      return [{ namespace: namespace ?? '', name: '', selector: {}, allowed: 0, detail: messageOf(error) }];
    }
  }

  /** Pages that expire half-way start over with empty groups: half a scan gives no verdicts. */
  #pods(namespace: string | undefined, signal: AbortSignal, fields: SidecarFields): Promise<PodsByController> {
    return restartingExpired(async () => {
      const pods = new PodsByController();
      // an optional kind may turn out to be absent while its pods are read
      const certain = new Set(this.#kinds().flatMap(({ kind, optional }) => (optional ? [] : kind)));
      for await (const page of this.#options.cluster.pods(namespace, signal, fields, certain))
        for (const pod of page) pods.add(pod);
      return pods;
    });
  }

  /**
   * Sees one workload as it is now, its pods counted by owner UID. Undefined when it is gone.
   * @throws {ApiError} when something of it cannot be read
   */
  async observe(ref: WorkloadRef): Promise<Observed | undefined> {
    const read = await this.#options.cluster.workload(ref);
    return read && this.observeRead(read);
  }

  /**
   * The same for a workload that was read a moment ago.
   * @throws {ApiError} when something of it cannot be read
   */
  async observeRead(read: Workload): Promise<Observed> {
    const lender = lenderOf(read);
    const workload = lender ? withTemplateOf(read, await this.#options.cluster.workload(lender)) : read;
    return (await this.look(workload)).observed;
  }

  /**
   * Sees the pods of a workload as they are now; those on lost nodes are only counted.
   * @throws {ApiError} when something of it cannot be read
   */
  async look(workload: Workload): Promise<{ readonly observed: Observed; readonly pods: readonly PodFacts[] }> {
    const [pods, budgets, claim] = await Promise.all([
      this.#options.cluster.podsOf(workload, this.#fieldsOf(this.#options.policy())),
      this.#budgets(workload.namespace),
      this.#claims.of(workload, this.#seenKinds(workload.namespace)),
    ]);
    this.#owners.learn(workload, pods);
    const lost = await this.#lostNodes(workload, pods);
    const reachable = pods.filter(({ node }) => !lost.has(node));
    const groups = new PodGroups();
    for (const pod of reachable) groups.add(pod, keyOf(workload));
    const observed = {
      workload,
      templateHash: this.#hashes.of(workload),
      groups: replaceable(workload, groups.of(keyOf(workload))),
      onLostNodes: pods.length - reachable.length,
      budgets: covering(budgets, workload),
      ...claim,
      ...unreadWithout(workload),
    };
    return { observed, pods: reachable };
  }

  /**
   * Which of these workloads are surely as they were seen, found out by a few lists.
   * @param namespace where all of them are; undefined for the whole cluster
   * @throws {ApiError} when something cannot be listed
   */
  unchanged(
    seen: readonly Observed[],
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<ReadonlySet<WorkloadKey>> {
    const read = {
      cluster: this.#options.cluster,
      budgets: (place: string | undefined, both: AbortSignal) => this.#budgets(place, both),
      claims: (place: string | undefined, kinds: ReadonlySet<WorkloadKind>) =>
        this.#claims.ofKinds(place, kinds, this.#seenKinds(place)),
    };
    return survey(read, seen, namespace, signal);
  }

  /**
   * Of the nodes where a DaemonSet's pods are not ready, those that are not Ready themselves. Without the right to read nodes all count as
   * Ready, which is said once. Every other error is thrown, and the caller tries again.
   */
  async #lostNodes({ kind }: Workload, pods: readonly PodFacts[]): Promise<ReadonlySet<string>> {
    const suspects = new Set(pods.flatMap(({ node, ready }) => (node && !ready ? node : [])));
    if (!ownerKind(kind).isPerNode || suspects.size === 0) return new Set();
    try {
      const lost = await this.#options.cluster.lostNodes([...suspects]);
      this.#nodesForbidden = false;
      return lost;
    } catch (error) {
      if (!isForbidden(error)) throw error;
      if (!this.#nodesForbidden) this.#options.onMissingRight?.('nodes, which all count as Ready', error);
      this.#nodesForbidden = true;
      return new Set();
    }
  }

  /** Matches all of them with the mesh, and gets the answers of their injectors: kept ones where they still hold. */
  answerAll(mesh: Mesh, observations: readonly Observed[]): Promise<readonly Answered[]> {
    return this.#answers.ofAll(mesh, observations);
  }

  /**
   * The verdict on one workload under the mesh as it is now.
   * @param fresh asks the injector again even if an answer is kept. It may take its time, so budgets that were read meanwhile count
   */
  async assess(mesh: Mesh, observed: Observed, fresh = false): Promise<Assessed> {
    const { journal, policy } = this.#options;
    const { answered } = await this.#answers.of(mesh, observed, fresh);
    const assessed = assess(answered, {
      mesh,
      policy: policy(),
      entryOf: (workload) => journal.of(workload),
      learnt: (run, namespace) => journal.learnt(run, namespace),
    });
    return fresh ? { ...assessed, budgets: this.#newest(observed) } : assessed;
  }

  /** Budgets that the observation itself could not read stay unknown. */
  #newest({ workload, budgets }: Observed): readonly Budget[] {
    const newest = this.#newestBudgets.get(workload.namespace);
    return newest && budgets.every(({ name }) => name !== '') ? covering(newest, workload) : budgets;
  }

  #fieldsOf(of: Pick<Mesh, 'sources'>): SidecarFields {
    return { containers: containersOf(of), config: readsConfig(this.#options.policy()) };
  }
}

/** Workloads that use the template of another one with that. */
function withTemplates(workloads: readonly Workload[]): readonly Workload[] {
  if (workloads.every(({ templateFrom }) => !templateFrom)) return workloads;
  const byKey = new Map(workloads.map((workload) => [keyOf(workload), workload]));
  return workloads.map((workload) => {
    const lender = lenderOf(workload);
    return lender ? withTemplateOf(workload, byKey.get(keyOf(lender))) : workload;
  });
}

function unreadWithout(workload: Workload): Pick<Observed, 'unread'> {
  const unread = missingLender(workload);
  return unread === undefined ? {} : { unread };
}

/** The containers to read of pods besides Istio's proxy. */
const containersOf = (of: Pick<Mesh, 'sources'>): readonly string[] => [
  ...new Set(sourcesIn(of).flatMap((source) => (source === ISTIO ? [] : source.container))),
];
