import type { Owner, PodFacts, PodOwner, WorkloadKind } from '../model.ts';
import type { ApiResource } from './apiResource.ts';
import { findKind, isIntermediate, kindThrough } from './kinds.ts';
import { replicaSets } from './replicaSets.ts';

/** What Meltemi knows of a kind of owner that it cannot restart. */
interface UnsupportedKind {
  readonly kind: string;
  /** API group; empty for the core. */
  readonly group: string;
  /** Where it is read to find its own owner; absent where it is known to have none that matters. */
  readonly readAt?: ApiResource;
  /** What becomes of its outdated pods if nobody does anything, in a few words. */
  readonly note: string;
  /** What a user can do, in a sentence. */
  readonly advice: string;
}

/** Jobs are read, to find their CronJob. */
export const JOBS: ApiResource = { group: 'batch', version: 'v1', resource: 'jobs' };

const NOBODY = 'no controller replaces its pods';

const UNSUPPORTED: readonly UnsupportedKind[] = [
  {
    kind: 'Pod',
    group: '',
    note: 'no controller replaces it',
    advice:
      'Delete the pod and create it again when it can be missed. The kubelet owns a static pod: change its manifest on the node.',
  },
  {
    kind: 'Job',
    group: 'batch',
    readAt: JOBS,
    note: 'it ends by itself',
    advice:
      'Wait until it ends. If that takes too long and its work may be repeated, delete one of its pods: the Job makes another.',
  },
  {
    kind: 'CronJob',
    group: 'batch',
    note: 'its Jobs end by themselves, and the next one gets the current sidecar',
    advice: 'Wait for its next Job.',
  },
  {
    kind: replicaSets.kind,
    group: replicaSets.group,
    readAt: replicaSets,
    note: NOBODY,
    advice: 'Delete its pods, one at a time: it makes new ones.',
  },
  {
    kind: 'ReplicationController',
    group: '',
    readAt: { group: '', version: 'v1', resource: 'replicationcontrollers' },
    note: NOBODY,
    advice: 'Delete its pods, one at a time: it makes new ones.',
  },
];

const ANY_OTHER: Omit<UnsupportedKind, 'kind' | 'group'> = {
  note: 'only its own controller knows how to replace them',
  advice: 'Restart it in the way that its controller offers. The documentation of that controller says how.',
};

/** Of a kind that Meltemi restarts elsewhere. */
const LEFT_OUT: typeof ANY_OTHER = {
  note: 'its kind is switched off, or may not be read',
  advice:
    'Name its kind in `--kinds`, or grant the rights to it; the log and the warnings of a plan name what is missing. ' +
    'Until then, restart it yourself.',
};

/** Kinds that are not told from one another by their group where people read them. */
const PLAIN = new Map(UNSUPPORTED.map((one) => [`${one.group}/${one.kind}`, one]));
const byWord = new Map(UNSUPPORTED.map((one) => [one.kind, one]));

/** The API group in an `apiVersion`; empty for the core. */
const groupIn = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/', 1)[0] ?? '') : '');

/**
 * The word for a kind that cannot be restarted, as kubectl takes it: `Job`, `Kafka.kafka.strimzi.io`. With its group it is never the name
 * of a supported kind, whatever its author calls it.
 */
export function unsupportedWord({ apiVersion, kind }: Pick<Owner, 'apiVersion' | 'kind'>): string {
  const group = groupIn(apiVersion);
  if (PLAIN.has(`${group}/${kind}`)) return kind;
  return `${kind}.${group === '' ? 'core' : group}`;
}

/** The words for a kind of `unsupportedWord`. */
export const unsupportedKind = (word: string): Omit<UnsupportedKind, 'kind' | 'group'> =>
  byWord.get(word) ?? (isOfOurs(word) ? LEFT_OUT : ANY_OTHER);

/** Whether the word is that of a kind that Meltemi can restart, which is listed only where the policy or a missing right leaves it out. */
function isOfOurs(word: string): boolean {
  const [kind, ...group] = word.split('.');
  const known = findKind(kind);
  return known !== undefined && known.group === group.join('.');
}

/** The kinds whose word has no group. */
export const PLAIN_KINDS: readonly string[] = [...byWord.keys()];

/** The kinds that are counted by themselves; all others are counted together. */
export const COUNTED_KINDS: readonly string[] = [...PLAIN_KINDS, 'other'];

/** The kind that an unsupported one counts as, of `COUNTED_KINDS`. */
export const countedAs = (word: string): string => (byWord.has(word) ? word : 'other');

/** What a bare pod counts as: it is its own owner. */
export const POD_ITSELF: Pick<PodOwner, 'apiVersion' | 'kind'> = { apiVersion: 'v1', kind: 'Pod' };

/** Whether an owner makes no pods: a static pod's mirror names its Node (kubernetes pkg/kubelet/pod/mirror_client.go). */
export const isNode = ({ apiVersion, kind }: Pick<PodOwner, 'apiVersion' | 'kind'>): boolean =>
  kind === 'Node' && (apiVersion === undefined || apiVersion === 'v1');

/**
 * Whether objects of this kind are scanned and restarted, so that a pod of one that was not seen is only too new or too old.
 * @param kinds the names of the kinds that are scanned: the policy may leave some out, and some may not be served or not be readable
 */
export function isSupported(
  { apiVersion, kind }: Pick<PodOwner, 'apiVersion' | 'kind'>,
  kinds: ReadonlySet<WorkloadKind>,
): boolean {
  const known = findKind(kind);
  return known !== undefined && kinds.has(kind) && (apiVersion === undefined || known.group === groupIn(apiVersion));
}

/**
 * Whether a pod seems to belong to no scanned kind, from its owner's name and its labels alone.
 * @param kinds the names of the kinds that are certainly scanned
 */
export function seemsUnclaimed(
  owner: PodOwner | undefined,
  { templateHash, hashLabel }: Pick<PodFacts, 'templateHash' | 'hashLabel'>,
  kinds: ReadonlySet<WorkloadKind>,
): boolean {
  if (!owner) return true;
  if (!isIntermediate(owner.kind)) return !isSupported(owner, kinds);
  const through = kindThrough(owner.kind, hashLabel);
  return templateHash === '' || through === undefined || !kinds.has(through.kind);
}

/** Where an owner is read to find its own owner: the place itself, `discover` for a kind of others, undefined for none. */
export function readAt({ apiVersion, kind }: Pick<Owner, 'apiVersion' | 'kind'>): ApiResource | 'discover' | undefined {
  const known = PLAIN.get(`${groupIn(apiVersion)}/${kind}`);
  if (known) return known.readAt;
  return groupIn(apiVersion) === '' ? undefined : 'discover';
}
