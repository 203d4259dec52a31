import { ISTIO_BUILDS } from '../testbed/istioBuild.ts';
import { KUBERNETES_MINORS, type KubernetesMinor, USUAL_MINOR, versionOfMinor } from '../testbed/kubernetesVersions.ts';
import { type ProgramName, programsOf } from '../testbed/programs.ts';
import { sourcesDate } from './sourcesDate.ts';

/** One row of the matrix: versions, and the live files that are run on them. */
export interface MatrixRow {
  /** As it is named on the command line. */
  readonly name: string;
  /** What is run, in whole versions. */
  readonly versions: string;
  readonly minor: KubernetesMinor;
  /** Of tests/live, without `.test.ts`. */
  readonly files: readonly string[];
  /** What has to be built first. */
  readonly programs: readonly ProgramName[];
}

/** The main job on one Kubernetes: upgrades, kinds with their APIs, revisions, evictions, the Lease, and the chart's rights. */
const MAIN_JOB = ['upgrade', 'kinds', 'revisions', 'onDelete', 'crash'] as const;

const older = ISTIO_BUILDS['1.30'];
const newer = ISTIO_BUILDS['1.31'];

/**
 * All that the matrix runs. The README may call tested what is in here and has passed, and nothing else:
 * tests/contract/versions.test.ts compares it with this list and with what `npm run matrix -- --write` has written.
 */
export const MATRIX: readonly MatrixRow[] = [
  ...KUBERNETES_MINORS.map((minor) => ({
    name: `kubernetes-${minor}`,
    versions: `Kubernetes ${versionOfMinor(minor)}`,
    minor,
    files: MAIN_JOB,
    programs: programsOf(minor),
  })),
  {
    name: 'istio-1.30-1.31',
    versions: `Istio 1.30 (${sourcesDate(older.module)}) to 1.31 (${sourcesDate(newer.module)})`,
    minor: USUAL_MINOR,
    files: ['twoIstiods'],
    programs: [...programsOf(USUAL_MINOR), older.program],
  },
];
