import { isForbidden } from '../cluster/apiError.ts';
import type { Cluster, OwnerFacts } from '../cluster/cluster.ts';
import type { Controller } from '../compare/podGroups.ts';
import { ConcurrencyLimit } from '../expect/concurrencyLimit.ts';
import { namesAnObject } from '../kinds/namesAnObject.ts';
import { isSupported, unsupportedWord } from '../kinds/unsupportedKinds.ts';
import type { PodOwner, WorkloadKind } from '../model.ts';

/** The scope of a scan. */
export interface ScanScope {
  /** Undefined for the whole cluster. */
  readonly namespace: string | undefined;
  readonly signal: AbortSignal;
  /** The names of the kinds that were listed. */
  readonly kinds: ReadonlySet<WorkloadKind>;
}

/** The owner at the top of a chain. */
export interface Root {
  readonly owner: PodOwner;
  /** When the Job in the chain is stopped at the latest. */
  readonly endsAt: number | undefined;
}

export interface OwnerChainsOptions {
  readonly cluster: Pick<Cluster, 'owner'>;
  readonly onUnreadOwner?: (kind: string, error: unknown) => void;
}

/** Real chains are shorter: a CronJob's Job, a workflow's task's pod. */
const DEEPEST = 5;
/** Owners that one scan reads. Beyond them, pods are listed under the owner that they name themselves; the next scan goes on. */
const MOST_READS = 2000;
const AT_ONCE = 4;

interface Known {
  readonly namespace: string;
  readonly facts: OwnerFacts;
}

/** Follows ownerReferences from the controllers of pods to their roots. An owner is read once, and kept while it has pods. */
export class OwnerChains {
  readonly #options: OwnerChainsOptions;
  readonly #known = new Map<string, Known>();
  /** Kinds that were said to be unreadable. */
  readonly #said = new Set<string>();

  constructor(options: OwnerChainsOptions) {
    this.#options = options;
  }

  /**
   * The root of each controller, without those that a listed kind owns after all. Where an owner cannot be
   * read, the chain ends with it.
   */
  async roots(
    controllers: readonly Controller[],
    { namespace, signal, kinds }: ScanScope,
  ): Promise<Map<Controller, Root>> {
    const walk = new Walk(this.#options, this.#known, this.#said, { signal, kinds });
    const found = new Map<Controller, Root>();
    await Promise.all(
      controllers.map(async (controller) => {
        const root = await walk.rootOf(controller);
        if (root) found.set(controller, root);
      }),
    );
    for (const [place, known] of this.#known)
      if ((namespace === undefined || known.namespace === namespace) && !walk.passed.has(place))
        this.#known.delete(place);
    return found;
  }

  /** The number of owners that are kept. */
  get size(): number {
    return this.#known.size;
  }
}

/** One scan's way up all chains. */
class Walk {
  /** Namespace and UID of all owners on the way. */
  readonly passed = new Set<string>();
  readonly #options: OwnerChainsOptions;
  readonly #known: Map<string, Known>;
  readonly #said: Set<string>;
  readonly #signal: AbortSignal;
  readonly #kinds: ReadonlySet<WorkloadKind>;
  readonly #turns = new ConcurrencyLimit(AT_ONCE);
  readonly #reading = new Map<string, Promise<OwnerFacts | undefined>>();
  /** Kinds that must not be read in a namespace. */
  readonly #forbidden = new Set<string>();
  #reads = 0;

  constructor(
    options: OwnerChainsOptions,
    known: Map<string, Known>,
    said: Set<string>,
    scope: Pick<ScanScope, 'signal' | 'kinds'>,
  ) {
    this.#options = options;
    this.#known = known;
    this.#said = said;
    this.#signal = scope.signal;
    this.#kinds = scope.kinds;
  }

  async rootOf({ namespace, ...direct }: Controller): Promise<Root | undefined> {
    let owner: PodOwner = direct;
    let endsAt: number | undefined;
    const seen = new Set<string>();
    for (let depth = 0; depth < DEEPEST; depth++) {
      if (isSupported(owner, this.#kinds)) return undefined;
      seen.add(owner.uid);
      const facts = await this.#factsOf(namespace, owner);
      endsAt ??= facts?.endsAt;
      const next = facts?.owner;
      if (!next || seen.has(next.uid) || !namesAnObject(next)) break;
      owner = next;
    }
    return { owner, endsAt };
  }

  #factsOf(namespace: string, owner: PodOwner): Promise<OwnerFacts | undefined> {
    const place = placeOf(namespace, owner);
    this.passed.add(place);
    const known = this.#known.get(place);
    if (known) return Promise.resolve(known.facts);
    const reading = this.#reading.get(place) ?? this.#turns.take(() => this.#read(namespace, owner), namespace);
    this.#reading.set(place, reading);
    return reading;
  }

  /** Never rejects: an owner that cannot be read is no reason to see nothing of the others. */
  async #read(namespace: string, owner: PodOwner): Promise<OwnerFacts | undefined> {
    const kind = unsupportedWord(versioned(owner));
    const resource = `${namespace}/${kind}`;
    if (this.#signal.aborted || this.#reads >= MOST_READS || this.#forbidden.has(resource)) return undefined;
    this.#reads += 1;
    try {
      const facts = await this.#options.cluster.owner(namespace, owner, this.#signal);
      // what is gone does not come back with this UID
      this.#known.set(placeOf(namespace, owner), { namespace, facts: facts ?? {} });
      return facts;
    } catch (error) {
      if (isForbidden(error)) this.#forbidden.add(resource);
      if (!this.#signal.aborted && !this.#said.has(kind)) this.#options.onUnreadOwner?.(kind, error);
      this.#said.add(kind);
      return undefined;
    }
  }
}

/** One namespace must not tell what is known of another's owners. */
const placeOf = (namespace: string, { uid }: PodOwner): string => `${namespace}/${uid}`;

const versioned = ({ apiVersion = '', kind }: PodOwner) => ({ apiVersion, kind });
