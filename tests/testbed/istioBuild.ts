import type { FolderName, ProgramName } from './programs.ts';

/** A source of Istio that an istiod and its charts are built from. What version a mesh claims to have is said apart from it. */
export type IstioBuild = '1.30' | '1.31';

export const USUAL_BUILD: IstioBuild = '1.31';

interface Parts {
  /** The Go module whose go.mod has the version of the sources. */
  readonly module: 'istio-1.30' | 'bed';
  readonly program: ProgramName;
  readonly charts: FolderName;
}

/** Oldest first. */
export const ISTIO_BUILDS: Readonly<Record<IstioBuild, Parts>> = {
  '1.30': { module: 'istio-1.30', program: 'pilot-discovery-1.30', charts: 'charts-1.30' },
  '1.31': { module: 'bed', program: 'pilot-discovery', charts: 'charts' },
};
