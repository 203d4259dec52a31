import { ISTIO } from '../expect/sources/istio.ts';
import { type Assessed, bySidecar } from './assessed.ts';

/** The names of the sidecars of which the pods of a workload are orphaned. */
export const orphansIn = (assessed: Assessed): readonly string[] =>
  bySidecar(assessed).flatMap(({ verdict, source }) =>
    verdict.state === 'outdated' && verdict.expected.placement === 'none' ? (source ?? ISTIO).name : [],
  );
