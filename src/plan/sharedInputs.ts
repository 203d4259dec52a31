import { isAsked, type Mesh } from '../expect/mesh.ts';
import { whyClosed } from './metricGate.ts';
import type { PlanContext } from './planContext.ts';
import type { RuleContext } from './rule.ts';

/** What the Evaluator compares by itself. */
type ComparedElsewhere =
  | 'journal'
  | 'busy'
  | 'starting'
  | 'retryAt'
  | 'orphanedSince'
  | 'contradictedSince'
  | 'resumedAt'
  | 'metricGates';

/**
 * Everything that decides about all workloads at once, as a list that is compared with that of the evaluation before: if one of it is
 * another, every workload is judged again. What concerns only some of them (busy, back-offs, since when they are orphaned, their groups) is
 * compared one by one.
 */
export function sharedInputs(
  mesh: Mesh,
  context: PlanContext,
  known: Pick<RuleContext, 'history'>,
): readonly unknown[] {
  const {
    now,
    wall,
    policy,
    epochSeenAt,
    unconfirmed,
    stale,
    paused,
    unseen,
    managedNamespaces,
    own,
    notes,
    ...others
  } = context;
  // a new field of the context does not compile here before it is in one of the two lists
  ({}) satisfies Record<Exclude<keyof typeof others, ComparedElsewhere>, unknown>;
  const { namespaces, since, ...counted } = known.history;
  return [
    policy,
    // a wait that ends by the wall clock ends at another time of the steady one
    wall - now,
    stale,
    paused,
    since,
    unseen,
    managedNamespaces,
    own,
    context.orphanedSince === undefined,
    context.contradictedSince === undefined,
    JSON.stringify([...epochSeenAt]),
    JSON.stringify(mesh.injections.map((one) => (isAsked(one) ? unconfirmed(one) : undefined) ?? '')),
    JSON.stringify((policy.metricGates ?? []).map(({ name }) => whyClosed(name, context) ?? '')),
    JSON.stringify(Object.values(counted).map((byRun) => [...byRun].map(([run, of]) => [run, ...of]))),
    // whether a run concerns one namespace only
    JSON.stringify([...namespaces].map(([run, of]) => [run, of.size > 1])),
    // nothing is known of the waves of a run after the journal was lost
    JSON.stringify([...notes].map(([run, { waves }]) => [run, waves === undefined])),
  ];
}
