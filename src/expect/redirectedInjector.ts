import type { InjectorAssumption } from './assumption.ts';
import { contentHash } from './epoch.ts';
import { type AskedInjection, type Injection, isAsked, type Mesh } from './mesh.ts';

/** The injections whose webhook an Istio revision answers, its own and those of its tags. */
export const injectionsOf = ({ injections }: Pick<Mesh, 'injections'>, revision: string): AskedInjection[] =>
  injections.filter(isAsked).filter(({ source, entry }) => source === undefined && entry.revision === revision);

/**
 * The mesh in which another injector has taken a revision's place. Nothing of the cluster says anything about that one: neither the
 * Deployment of istiod, for the gates, nor earlier restarts, because restarts towards it would be another run.
 */
export function withInjectorAt(mesh: Mesh, { revision, address }: InjectorAssumption): Mesh {
  const redirected = new Set<Injection>(injectionsOf(mesh, revision));
  const injections = mesh.injections.map((injection) =>
    isAsked(injection) && redirected.has(injection) ? elsewhere(injection, address) : injection,
  );
  return { ...mesh, injections };
}

function elsewhere(injection: AskedInjection, address: InjectorAssumption['address']): AskedInjection {
  const { istiod: _unknown, configChart: _chart, injectorConfig: _config, entry, run, epoch, ...rest } = injection;
  return {
    ...rest,
    entry: { ...entry, askedAt: address },
    run: contentHash([run, address]),
    epoch: contentHash([epoch, address]),
  };
}
