import type { Shape } from '../fieldTypes.ts';
import type { Labels, OtherSidecars, PlacedContainer, PodFacts, PodOwner, Sidecar, SidecarConfig } from '../model.ts';
import { doNotDisruptIn } from '../names.ts';
import type { Intern } from './interner.ts';
import { sampleOf } from './podSample.ts';
import type { RawContainer, RawPod, RawPodMetadata } from './rawPod.ts';

/** What is read of the sidecars of pods. */
export interface SidecarFields {
  /** The containers to read besides Istio's proxy. */
  readonly containers?: readonly string[];
  /** Whether to read how they are configured, too. */
  readonly config?: boolean;
}

/** How a container is configured, as far as that is read. */
export type ReadConfig = (container: RawContainer) => SidecarConfig | undefined;

const CONTAINERS: Shape = [{ name: 'string', image: 'string', restartPolicy: 'string' }];

/** What must be true of a pod before it is read as one. */
export const POD: Shape = {
  metadata: {
    name: 'string',
    namespace: 'string',
    uid: 'string',
    labels: 'labels',
    annotations: 'labels',
    creationTimestamp: 'string',
    deletionTimestamp: 'string',
    ownerReferences: [{ apiVersion: 'string', kind: 'string', name: 'string', uid: 'string', controller: 'boolean' }],
  },
  spec: { nodeName: 'string', hostNetwork: 'boolean', containers: CONTAINERS, initContainers: CONTAINERS },
  status: { phase: 'string', conditions: [{ type: 'string', status: 'string' }] },
};

export const TEMPLATE_HASH = 'pod-template-hash';
/** The same of Argo Rollouts (argo-rollouts pkg/apis/rollouts/v1alpha1 DefaultRolloutUniqueLabelKey). */
export const ROLLOUTS_HASH = 'rollouts-pod-template-hash';
export const REVISION = 'istio.io/rev';
export const INJECTED = 'sidecar.istio.io/status';
export const PROXY = 'istio-proxy';

const asItIs: Intern = (text) => text;

/** Which pods a sample is kept of. */
export type IsSampled = (owner: PodOwner | undefined, hash: Pick<PodFacts, 'templateHash' | 'hashLabel'>) => boolean;

/** What is read of a pod besides Istio's proxy. */
export interface PodWishes extends SidecarFields {
  readonly isSampled?: IsSampled | undefined;
}

/** How the facts of a pod are read. */
export interface Reading extends Omit<PodWishes, 'config'> {
  /** Absent if the configuration of sidecars is not read. */
  readonly configOf?: ReadConfig | undefined;
}

/**
 * Narrows a pod to its facts.
 * @throws Error for a pod without name or UID: it was not read right
 */
export function podFacts(
  raw: RawPod,
  intern: Intern = asItIs,
  { containers = [], isSampled, configOf }: Reading = {},
): PodFacts {
  const metadata = raw.metadata ?? {};
  const { name, namespace, uid, labels } = metadata;
  if (!name || !uid) throw new Error('a pod has no name or no uid');
  const owner = ownerOf(metadata, intern);
  const others = othersOf(raw, intern, containers, configOf);
  const hash = hashOf(labels, intern);
  const isWanted = isSampled?.(owner, hash) ?? false;
  return {
    namespace: intern(namespace ?? ''),
    name,
    uid,
    ...(owner && { owner }),
    ...hash,
    createdAt: timeOf(metadata.creationTimestamp),
    node: intern(raw.spec?.nodeName ?? ''),
    phase: intern(raw.status?.phase ?? ''),
    ready: isReady(raw),
    deleting: (metadata.deletionTimestamp ?? undefined) !== undefined,
    sidecar: sidecarOf(raw, intern, configOf),
    ...(others && { others }),
    ...doNotDisruptOf(metadata),
    ...(isWanted && { sample: sampleOf(raw, intern) }),
  };
}

const timeOf = (time: string | number = 0): number => (typeof time === 'number' ? time : Date.parse(time) || 0);

/** A template that was copied from a Deployment's pod may still have that one's label, so the other is looked for first. */
function hashOf(labels: Labels | undefined, intern: Intern): Pick<PodFacts, 'templateHash' | 'hashLabel'> {
  const ofRollout = labels?.[ROLLOUTS_HASH];
  if (ofRollout === undefined) return { templateHash: intern(labels?.[TEMPLATE_HASH] ?? '') };
  return { templateHash: intern(ofRollout), hashLabel: ROLLOUTS_HASH };
}

function doNotDisruptOf({ annotations }: RawPodMetadata): Pick<PodFacts, 'doNotDisrupt'> {
  const doNotDisrupt = annotations && doNotDisruptIn(annotations);
  return doNotDisrupt === undefined ? {} : { doNotDisrupt };
}

function othersOf(
  raw: RawPod,
  intern: Intern,
  containers: readonly string[],
  configOf: ReadConfig | undefined,
): OtherSidecars | undefined {
  const placed = containers.map((name) => [name, containerIn(raw, name, intern, configOf)] as const);
  const there = placed.filter(([, { placement }]) => placement !== 'none');
  return there.length > 0 ? Object.fromEntries(there) : undefined;
}

const isReady = ({ status }: RawPod): boolean =>
  status?.conditions?.some(({ type, status: said }) => type === 'Ready' && said === 'True') ?? false;

function ownerOf({ ownerReferences }: RawPodMetadata, intern: Intern): PodOwner | undefined {
  const controller = ownerReferences?.find((reference) => reference.controller);
  if (!controller) return undefined;
  const { apiVersion, kind, name, uid } = controller;
  return {
    ...(apiVersion !== undefined && { apiVersion: intern(apiVersion) }),
    kind: intern(kind ?? ''),
    name: intern(name ?? ''),
    uid: intern(uid ?? ''),
  };
}

/** A container that keeps running. An init container does only as a native sidecar (KEP-753); `containers` win if both have the name. */
export function containerIn(
  { spec }: RawPod,
  container: string,
  intern: Intern = asItIs,
  configOf?: ReadConfig,
): PlacedContainer {
  const ordinary = spec?.containers?.find(({ name }) => name === container);
  const native = spec?.initContainers?.find(
    ({ name, restartPolicy }) => name === container && restartPolicy === 'Always',
  );
  const found = ordinary ?? native;
  const config = found && configOf?.(found);
  return {
    placement: ordinary ? 'container' : native ? 'initContainer' : 'none',
    image: intern(found?.image ?? ''),
    ...(config && { config }),
  };
}

/** A pod's sidecar of Istio. */
export function sidecarOf(raw: RawPod, intern: Intern = asItIs, configOf?: ReadConfig): Sidecar {
  const annotations = raw.metadata?.annotations ?? {};
  return {
    ...containerIn(raw, PROXY, intern, configOf),
    revision: intern(annotations[REVISION] ?? ''),
    injected: annotations[INJECTED] !== undefined,
  };
}
