import { anyMatches, filterMatches, filterWords, wordsOf } from '../../expect/filter.ts';
import { selects } from '../../expect/selector.ts';
import type { Rule } from '../rule.ts';

/**
 * Outdated workloads in skipped namespaces have their own verdict, and those of other kinds are not looked at. These checks are for
 * workloads assessed before the policy was edited, and for the next pod of a restart by evictions that an earlier leader has begun.
 */
export const excluded: Rule<'excluded'> = {
  code: 'excluded',
  help: 'The policy or `--namespaces` excludes the workload, or does not include it. The detail names the filter.',
  ends: 'You change the filter that the detail names.',
  // usually many workloads wait for this, and an edit of the policy releases most of them at once
  lookAgain: 300_000,
  heldBy: 'the policy',
  holdsNoWave: true,
  betweenPods: true,
  check(assessed, { policy, managedNamespaces }) {
    if (managedNamespaces?.has(assessed.workload.namespace) === false) return { detail: '--namespaces' };
    const { exclude, excludeNamespaces, excludeLabels, skipNamespaces, kinds } = policy;
    if (!kinds.has(assessed.workload.kind)) return { detail: 'kinds' };
    if (skipNamespaces.has(assessed.workload.namespace)) return { detail: 'skipNamespaces' };
    const index = exclude.findIndex((filter) => filterMatches(filter, assessed));
    const filter = exclude[index];
    if (filter) return { detail: `exclude[${index}] (${filterWords(filter)})` };
    const { namespace, template } = assessed.workload;
    if (anyMatches(excludeNamespaces, namespace)) {
      return { detail: `excludeNamespaces (${wordsOf(excludeNamespaces)})` };
    }
    return excludeLabels && selects(excludeLabels, template.labels)
      ? { detail: `excludeLabels (${wordsOf(excludeLabels)})` }
      : undefined;
  },
};
