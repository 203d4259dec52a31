import type { Cluster } from '../cluster/cluster.ts';
import { type Controller, isInjected, type PodGroup, type PodsByController } from '../compare/podGroups.ts';
import { contentHash } from '../expect/epoch.ts';
import { matchesOf } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import { unsupportedWord } from '../kinds/unsupportedKinds.ts';
import { loopSlices } from '../loopSlices.ts';
import { keyOf, type PodSample, type PodTemplate, type Workload, type WorkloadKey } from '../model.ts';
import type { Observed } from './observed.ts';
import { OwnerChains, type Root, type ScanScope } from './ownerChains.ts';

/** One owner while its pods are collected. */
interface Collected {
  readonly root: Root;
  /** One of those below it: of its pods is the sample. */
  readonly controller: Controller;
  readonly groups: readonly PodGroup[];
}

/**
 * Sees the pods that belong to no supported kind, so that nothing outdated goes unseen. They are listed under the owner at the top of the
 * chain of ownerReferences. No template is read or sent: a question consists of the labels and Istio's annotations of one of the pods.
 */
export class UnsupportedOwners {
  readonly #chains: OwnerChains;

  constructor(options: {
    readonly cluster: Pick<Cluster, 'owner'>;
    readonly onUnreadOwner?: (kind: string, error: unknown) => void;
  }) {
    this.#chains = new OwnerChains(options);
  }

  /**
   * What was seen of such owners in a scan, if their pods are of the mesh. Owners are only read where there are such pods.
   * @param unclaimed controllers of pods that belong to no workload
   */
  async observe(
    mesh: Mesh,
    pods: PodsByController,
    unclaimed: readonly Controller[],
    scope: ScanScope,
  ): Promise<Observed[]> {
    const slices = loopSlices();
    const ofMesh: Controller[] = [];
    for (const controller of unclaimed) {
      await slices.step();
      if (isOfMesh(mesh, controller, pods.groupsOf(controller))) ofMesh.push(controller);
    }
    const roots = await this.#chains.roots(ofMesh, scope);
    const collected = new Map<WorkloadKey, Collected>();
    for (const controller of ofMesh) {
      const root = roots.get(controller);
      if (!root) continue;
      const key = keyOf(refOf(root, controller));
      collected.set(key, joined(collected.get(key), { root, controller, groups: pods.groupsOf(controller) }));
    }
    const all: Observed[] = [];
    for (const one of collected.values()) {
      await slices.step();
      all.push(observed(one));
    }
    return all;
  }
}

function joined(before: Collected | undefined, { root, controller, groups }: Collected): Collected {
  if (!before) return { root, controller, groups };
  const ends = [before.root.endsAt, root.endsAt].map((end) => end ?? Number.POSITIVE_INFINITY);
  const endsAt = Math.max(...ends);
  return {
    root: { ...root, endsAt: Number.isFinite(endsAt) ? endsAt : undefined },
    controller: before.controller.sample ? before.controller : controller,
    groups: [...before.groups, ...groups],
  };
}

function isOfMesh(mesh: Mesh, controller: Controller, groups: readonly PodGroup[]): boolean {
  if (groups.some(isInjected)) return true;
  const root = { owner: controller, endsAt: undefined };
  return matchesOf(mesh, workloadOf({ root, controller })).some(
    ({ match }) => match.kind === 'entry' || match.kind === 'conflict',
  );
}

const refOf = ({ owner }: Root, { namespace }: Controller) => ({
  kind: unsupportedWord({ apiVersion: owner.apiVersion ?? '', kind: owner.kind }),
  namespace,
  name: owner.name,
});

function observed({ root, controller, groups }: Collected): Observed {
  const workload = workloadOf({ root, controller });
  return { workload, templateHash: contentHash(workload.template), groups, onLostNodes: 0, budgets: [] };
}

const NO_ROLLOUT = { observedGeneration: 0, desired: 0, existing: 0, updated: 0, ready: 0, available: 0 };

/** The owner in the form of a workload, as far as it is known. */
function workloadOf({ root, controller }: Pick<Collected, 'root' | 'controller'>): Workload {
  const { sample } = controller;
  const unknown = whyUnknown(sample);
  return {
    ...refOf(root, controller),
    uid: root.owner.uid,
    resourceVersion: '',
    generation: 0,
    createdAt: 0,
    deleting: false,
    annotations: {},
    selector: {},
    strategy: '',
    partition: 0,
    firstOrdinal: 0,
    paused: false,
    maxUnavailable: 0,
    template: sample ? templateOf(sample) : { labels: {}, annotations: {}, spec: {} },
    rollout: NO_ROLLOUT,
    unsupported: {
      ...(root.endsAt !== undefined && { endsAt: root.endsAt }),
      ...(unknown !== undefined && { unknown }),
    },
  };
}

function whyUnknown(sample: PodSample | undefined): string | undefined {
  if (!sample) return 'the labels of its pods were not read';
  return sample.isOverridden ? 'the pods set the container istio-proxy themselves' : undefined;
}

/** Istio's injector decides by labels, annotations and `hostNetwork` (istio pkg/kube/inject/inject.go injectRequired). */
const templateOf = ({ labels, annotations, hostNetwork }: PodSample): PodTemplate => ({
  labels,
  annotations,
  spec: { ...(hostNetwork && { hostNetwork }), containers: [{ name: 'app', image: 'app' }] },
});
