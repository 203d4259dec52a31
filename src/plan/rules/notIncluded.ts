import { anyMatches, filterMatches, wordsOf } from '../../expect/filter.ts';
import { selects } from '../../expect/selector.ts';
import type { Rule } from '../rule.ts';
import { excluded } from './excluded.ts';

/** Users see the same reason as for `excluded`: the policy leaves the workload out. */
export const notIncluded: Rule<'excluded'> = {
  ...excluded,
  check(assessed, { policy }) {
    const { include, includeNamespaces, includeLabels } = policy;
    if (include.length > 0 && !include.some((filter) => filterMatches(filter, assessed))) {
      return { detail: 'no filter in include matches' };
    }
    const { namespace, template } = assessed.workload;
    if (includeNamespaces.length > 0 && !anyMatches(includeNamespaces, namespace)) {
      return { detail: `the namespace is not in includeNamespaces (${wordsOf(includeNamespaces)})` };
    }
    return includeLabels && !selects(includeLabels, template.labels)
      ? { detail: `the labels do not match includeLabels (${wordsOf(includeLabels)})` }
      : undefined;
  },
};
