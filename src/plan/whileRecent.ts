import { keyOf, type WorkloadKey } from '../model.ts';
import type { Outdated } from './assessed.ts';
import { endOf, type Rule, type RuleContext } from './rule.ts';

export interface Recent {
  readonly isSo: (assessed: Outdated) => boolean;
  /** Since when it is so of workloads, by the steady clock; absent where nothing is restarted, and then nothing waits. */
  readonly since: (context: RuleContext) => ReadonlyMap<WorkloadKey, number> | undefined;
  /** Milliseconds for which a restart waits. */
  readonly lasts: number;
  readonly detail: string;
}

/** What a rule finds that waits for a time from when this process first sees something of a workload; see `SinceWhen`. */
export function whileRecent({
  isSo,
  since,
  lasts,
  detail,
}: Recent): Required<Pick<Rule, 'changes' | 'staysUntil' | 'check'>> {
  return {
    changes: true,
    staysUntil(assessed, context) {
      const known = since(context);
      if (!known || !isSo(assessed)) return Number.POSITIVE_INFINITY;
      const seen = known.get(keyOf(assessed.workload));
      return seen === undefined ? context.now : endOf(seen + lasts, context.now);
    },
    check(assessed, context) {
      const { now } = context;
      const known = since(context);
      if (!known || !isSo(assessed)) return undefined;
      const until = (known.get(keyOf(assessed.workload)) ?? now) + lasts;
      return until > now ? { detail, until } : undefined;
    },
  };
}
