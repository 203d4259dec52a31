import { matchOf } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import { bySidecar, type Outdated } from '../plan/assessed.ts';

/** Whether the answers come from the injections that the API server would call now. The answers may have taken seconds. */
export function sameInjections(mesh: Mesh, assessed: Outdated): boolean {
  return bySidecar(assessed).every(({ workload, source, injection }) => {
    const matched = matchOf(mesh, workload, source);
    return (matched.kind === 'entry' ? matched.entry.epoch : undefined) === injection?.epoch;
  });
}
