import { selects } from '../expect/selector.ts';
import { RESTART_ANNOTATION } from '../names.ts';
import { type ReasonCode, reason } from '../reasons.ts';
import type { Assessed } from './assessed.ts';
import { anyMatches, filterMatches, filterWords, wordsOf } from './filter.ts';
import type { Policy } from './policy.ts';
import type { Rule, Wait } from './rule.ts';

/** What people have said about a workload, in the order in which it is looked at: what was said on the objects, then the policy. */
export const SELECTION: readonly Rule[] = [optedOut, excluded, notIncluded, notOptedIn];

const hold = (code: ReasonCode, detail: string): Wait => ({ reason: reason(code, detail) });

/** What an annotation says, and where it stands. */
interface Say {
  readonly value: string;
  readonly where: string;
}

/** The workload's own word wins over its namespace's. */
function sayOf({ workload, namespace }: Assessed): Say | undefined {
  const own = workload.annotations[RESTART_ANNOTATION];
  if (own !== undefined) return { value: own, where: 'the workload' };
  const general = namespace.annotations[RESTART_ANNOTATION];
  return general === undefined ? undefined : { value: general, where: `namespace ${workload.namespace}` };
}

const LONGEST = 40;

/** A value that is neither `"true"` nor `"false"` was meant to say something: until somebody corrects it, nothing is done on a guess. */
function optedOut(assessed: Assessed): Wait | undefined {
  const say = sayOf(assessed);
  if (!say || say.value === 'true') return undefined;
  const said = `${RESTART_ANNOTATION} on ${say.where} is "${say.value.slice(0, LONGEST)}"`;
  return hold(
    'opted-out',
    say.value === 'false' ? said : `${said}, which is neither "true" nor "false" and counts as "false"`,
  );
}

/** What is outdated in a skipped namespace has another verdict; this is the guard for what was assessed before the policy was edited. */
function excluded(assessed: Assessed, { policy }: { readonly policy: Policy }): Wait | undefined {
  const { exclude, excludeNamespaces, excludeLabels, skipNamespaces } = policy;
  if (skipNamespaces.has(assessed.workload.namespace)) return hold('excluded', 'skipNamespaces');
  const index = exclude.findIndex((filter) => filterMatches(filter, assessed));
  const filter = exclude[index];
  if (filter) return hold('excluded', `exclude[${index}] (${filterWords(filter)})`);
  const { namespace, template } = assessed.workload;
  if (anyMatches(excludeNamespaces, namespace)) {
    return hold('excluded', `excludeNamespaces (${wordsOf(excludeNamespaces)})`);
  }
  return excludeLabels && selects(excludeLabels, template.labels)
    ? hold('excluded', `excludeLabels (${wordsOf(excludeLabels)})`)
    : undefined;
}

function notIncluded(assessed: Assessed, { policy }: { readonly policy: Policy }): Wait | undefined {
  const { include, includeNamespaces, includeLabels } = policy;
  if (include.length > 0 && !include.some((filter) => filterMatches(filter, assessed))) {
    return hold('excluded', 'no filter of include matches');
  }
  const { namespace, template } = assessed.workload;
  if (includeNamespaces.length > 0 && !anyMatches(includeNamespaces, namespace)) {
    return hold('excluded', `not of includeNamespaces (${wordsOf(includeNamespaces)})`);
  }
  return includeLabels && !selects(includeLabels, template.labels)
    ? hold('excluded', `not of includeLabels (${wordsOf(includeLabels)})`)
    : undefined;
}

function notOptedIn(assessed: Assessed, { policy }: { readonly policy: Policy }): Wait | undefined {
  if (!policy.optIn || sayOf(assessed)?.value === 'true') return undefined;
  return hold('not-opted-in', `neither the workload nor its namespace has ${RESTART_ANNOTATION}: "true"`);
}
