import type { KubeClient } from '../cluster/client.ts';
import { listsOnly } from '../cluster/listsOnly.ts';
import type { Assumption } from '../expect/assumption.ts';
import { sourcesIn } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import { assumedMesh } from '../watch/assumedMesh.ts';
import { type MeshScope, MeshWatch } from '../watch/meshWatch.ts';
import { type Checked, checkAssumptions } from './whatIf/checkAssumptions.ts';

/**
 * How long all lists of the mesh may take together. A request that gets no answer ends after half of that, and its error, which names it,
 * is the one that you see.
 */
const PATIENCE = 60_000;

/** What a plan reads of the mesh, and what it assumes of it. */
export interface MeshAsked {
  readonly scope: MeshScope;
  readonly sources: readonly SidecarSource[];
  readonly assumptions: readonly Assumption[];
}

/** The mesh that a plan is made for, with what of it is assumed. */
export interface PlanMesh {
  readonly mesh: Mesh;
  readonly assumptions: readonly Checked[];
}

/**
 * Lists the objects that decide the injectors' answers. It fails at the first list that fails: half a mesh would make a wrong plan.
 * Assumptions are checked against the cluster, and the mesh is assembled as if they were true.
 * @throws {Error} with a message for users: what cannot be read, that there is no injector, what is wrong with an assumption, or
 *   that it was stopped
 */
export async function planMesh(
  client: KubeClient,
  { scope, sources, assumptions }: MeshAsked,
  warn: (text: string) => void,
  signal: AbortSignal,
): Promise<PlanMesh> {
  const failed = Promise.withResolvers<never>();
  const late = setTimeout(
    () =>
      failed.reject(
        new Error(`the mesh cannot be read within ${PATIENCE / 1000} s: the API server answers too slowly`),
      ),
    PATIENCE,
  );
  try {
    const watch = new MeshWatch(
      listsOnly(client),
      signal,
      (_watched, error, instead) => (instead ? warn(`${(error as Error).message}; ${instead}`) : failed.reject(error)),
      scope,
      undefined,
      () => sources,
    );
    await Promise.race([watch.settled(signal), failed.promise]);
    // what was not read is not missing
    if (signal.aborted) throw new Error('stopped');
    const mesh = withInjectors(watch.mesh());
    if (assumptions.length === 0) return { mesh, assumptions: [] };
    const checked = checkAssumptions(assumptions, { configurations: watch.objects.configurations(), mesh });
    const assumed = assumedMesh(watch.objects, assumptions, { trusted: scope.istioNamespaces, sources });
    return { mesh: assumed, assumptions: checked };
  } finally {
    clearTimeout(late);
    failed.promise.catch(() => undefined);
  }
}

function withInjectors(mesh: Mesh): Mesh {
  const isIstioAlone = sourcesIn(mesh).every((source) => source === ISTIO);
  if (mesh.injections.length > 0 || !isIstioAlone) return mesh;
  throw new Error(
    'no Istio injector in this cluster: no MutatingWebhookConfiguration has an entry whose name ends in ' +
      'sidecar-injector.istio.io. Is Istio installed, and is this the right context (--context)?',
  );
}
