import type { Cluster } from '../cluster/cluster.ts';
import { CANARIES } from '../cluster/resources.ts';
import { ownerKind } from '../kinds/kinds.ts';
import type { OwnerKind } from '../kinds/ownerKind.ts';
import type { Canary, Workload, WorkloadRef } from '../model.ts';
import { canariesOfPrimaries, canaryRole } from '../plan/canaries.ts';
import type { Observed } from './observed.ts';
import type { OptionalLists } from './optionalLists.ts';

/** What other objects of a workload's namespace say about it. */
export type Claim = Pick<Observed, 'canary' | 'scaledBy'>;

const NEVER_ABORTED = new AbortController().signal;

const nothing = (): Claim => ({});

/**
 * Finds the objects that claim workloads of their own namespace: Canaries of Flagger, and workloads that take their pod template from
 * another one. Without the right to read Canaries, the primaries tell of them.
 */
export class Claims {
  readonly #cluster: Pick<Cluster, 'canaries' | 'workloads' | 'workload'>;
  readonly #lists: OptionalLists;
  /** What the primaries of each namespace told at the last scan. */
  readonly #told = new Map<string, readonly Canary[]>();

  constructor(cluster: Pick<Cluster, 'canaries' | 'workloads' | 'workload'>, lists: OptionalLists) {
    this.#cluster = cluster;
    this.#lists = lists;
  }

  /** The Canaries of the cluster or of a namespace; undefined if there is no such API, or they may not be read. */
  canaries(namespace: string | undefined, signal?: AbortSignal): Promise<Canary[] | undefined> {
    return this.#lists.list(CANARIES, namespace, () => this.#cluster.canaries(namespace, signal));
  }

  /**
   * What is said about each workload of a scan.
   * @param workloads all of the cluster or of the namespace
   * @param canaries those that were listed
   */
  ofScan(
    namespace: string | undefined,
    workloads: readonly Workload[],
    canaries: readonly Canary[] | undefined,
  ): (workload: Workload) => Claim {
    const known = canaries ?? (this.#isForbidden(namespace) ? canariesOfPrimaries(workloads) : []);
    const inNamespaces = Map.groupBy(known, (canary) => canary.namespace);
    for (const place of this.#told.keys()) if (namespace === undefined || place === namespace) this.#told.delete(place);
    for (const [place, some] of inNamespaces) this.#told.set(place, some);
    const borrowers = borrowersIn(workloads);
    if (known.length === 0 && borrowers.size === 0) return nothing;
    return (workload) => claim(workload, inNamespaces.get(workload.namespace) ?? [], borrowers);
  }

  /**
   * What is said about one workload now.
   * @param kinds those that are looked at, and whose API is served
   * @throws {ApiError} when it cannot be read
   */
  async of(workload: Workload, kinds: readonly OwnerKind[]): Promise<Claim> {
    return (await this.ofKinds(workload.namespace, new Set([workload.kind]), kinds))(workload);
  }

  /**
   * What is said now about workloads of some kinds.
   * @param namespace where they are; undefined for the whole cluster
   * @param served the kinds that are looked at, and whose API is served
   * @throws {ApiError} when it cannot be read
   */
  async ofKinds(
    namespace: string | undefined,
    kinds: ReadonlySet<string>,
    served: readonly OwnerKind[],
  ): Promise<(workload: Workload) => Claim> {
    const borrowing = served.filter(({ borrowsFrom }) => borrowsFrom !== undefined && kinds.has(borrowsFrom));
    const [canaries, ...lists] = await Promise.all([
      this.#isWorthAList(namespace) ? this.canaries(namespace) : undefined,
      ...borrowing.map((one) =>
        this.#lists.list(one, namespace, () => this.#cluster.workloads(one.kind, namespace, NEVER_ABORTED)),
      ),
    ]);
    const borrowers = borrowersIn(lists.flatMap((list) => list ?? []));
    const inNamespaces = canaries && Map.groupBy(canaries, (canary) => canary.namespace);
    return (workload) => {
      const told = this.#isForbidden(namespace) ? (this.#told.get(workload.namespace) ?? []) : [];
      return claim(workload, (inNamespaces ? inNamespaces.get(workload.namespace) : told) ?? [], borrowers);
    };
  }

  /** Canaries that may not be read are asked for again where primaries wait for the right. */
  #isWorthAList(namespace: string | undefined): boolean {
    const why = this.#lists.whyAbsent(CANARIES, namespace);
    const areTold = namespace === undefined ? this.#told.size > 0 : this.#told.has(namespace);
    return why === undefined || (why === 'forbidden' && areTold);
  }

  #isForbidden(namespace: string | undefined): boolean {
    return this.#lists.whyAbsent(CANARIES, namespace) === 'forbidden';
  }
}

const lenderKey = ({ kind, namespace, name }: WorkloadRef): string => `${kind}/${namespace}/${name}`;

function borrowersIn(workloads: readonly Workload[]): ReadonlyMap<string, string> {
  const borrowers = new Map<string, string>();
  for (const { kind, name, namespace, templateFrom } of workloads)
    if (templateFrom && templateFrom.kind === ownerKind(kind).borrowsFrom)
      borrowers.set(lenderKey({ ...templateFrom, namespace }), `${kind} ${name}`);
  return borrowers;
}

function claim(workload: Workload, canaries: readonly Canary[], borrowers: ReadonlyMap<string, string>): Claim {
  const canary = canaryRole(canaries, workload);
  const scaledBy = borrowers.get(lenderKey(workload));
  return { ...(canary && { canary }), ...(scaledBy !== undefined && { scaledBy }) };
}
