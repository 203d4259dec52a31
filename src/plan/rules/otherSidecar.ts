import { ISTIO } from '../../expect/sources/istio.ts';
import type { AssessedSidecar } from '../assessed.ts';
import { everywhereOrHere } from '../halts.ts';
import type { Rule, RuleContext } from '../rule.ts';

/** States of another sidecar's injector in which new pods would not be created, or would come without that sidecar. */
const HOLDING: ReadonlySet<string> = new Set(['injector-unreachable', 'injector-refused']);

/** The API server calls every injector for a new pod, not only that of the outdated sidecar. */
export const otherSidecar: Rule<'other-sidecar'> = {
  code: 'other-sidecar',
  help:
    'The injector of another sidecar of this workload is unreachable or rejects its pods, so new pods could not be created. Or its ' +
    'webhook seems to be missing, or fails open, so new pods would lose that sidecar.',
  ends:
    'The injector of the other sidecar answers and accepts the pods, and its webhook is there. After one that failed open, the injector ' +
    'changes or you run `meltemi resume`.',
  // the injector is asked again anyway; what it refuses is often an annotation of the pod template, which is read only by a look
  lookAgain: 30_000,
  betweenPods: true,
  check({ others, workload: { namespace } }, context) {
    const [detail] = others?.flatMap((other) => whyHeld(other) ?? whyLost(other, namespace, context) ?? []) ?? [];
    return detail === undefined ? undefined : { detail };
  },
};

/** A webhook may be deleted by mistake, or for the moment of a reinstallation. No restart may take the sidecar away then. */
function whyHeld({ verdict, source }: AssessedSidecar): string | undefined {
  if (verdict.state === 'unknown') return HOLDING.has(verdict.reason.code) ? verdict.reason.detail : undefined;
  if (verdict.state !== 'skipped' || !('doubt' in verdict) || verdict.doubt === undefined) return undefined;
  return `${lossOf(source)}: ${verdict.doubt}`;
}

/** Where restarts for a sidecar are halted because new pods come without it, restarts for others would bring more such pods. */
function whyLost(
  { injection, groups, source }: AssessedSidecar,
  namespace: string,
  context: Pick<RuleContext, 'history' | 'policy'>,
): string | undefined {
  if (!injection || groups.every(({ sidecar }) => sidecar.placement === 'none')) return undefined;
  const { run } = injection;
  const open = everywhereOrHere(context.history.failingOpen, run, run, namespace, context);
  return open && `${lossOf(source)}: new pods of ${open} are ready without it`;
}

const lossOf = (source: AssessedSidecar['source']): string =>
  `new pods may lose the sidecar of ${(source ?? ISTIO).name}`;
