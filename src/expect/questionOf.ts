import { ALLOWS_MOST } from '../kinds/kindPolicy.ts';
import { kindOf } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';
import type { Match } from './match.ts';
import { namespaceOf } from './matchOf.ts';
import { type Injection, isAsked, type Mesh } from './mesh.ts';
import type { Question } from './question.ts';

/** A workload with the injection that matches it. */
export interface Asked {
  readonly workload: Workload;
  readonly templateHash: string;
  readonly match: Match<Injection>;
}

/**
 * The question about a workload; undefined if not exactly one webhook matches, or if the workload is never restarted.
 * @param config whether to read of the answer how the sidecar is configured
 */
export function questionOf(
  mesh: Mesh,
  { workload, templateHash, match: matched }: Asked,
  config = false,
): Question | undefined {
  if (matched.kind !== 'entry' || workload.deleting || kindOf(workload)?.refuses(workload, ALLOWS_MOST) !== undefined)
    return undefined;
  const injection = matched.entry;
  if (!isAsked(injection)) return undefined;
  const { namespace, name, template } = workload;
  const { proxyConfigs } = namespaceOf(mesh, workload);
  const asked = { injection, namespace, name, template, ...(config && { config }) };
  const podCreator = kindOf(workload)?.podCreator;
  // whatever may change the answer is part of the key
  if (injection.source)
    return podCreator === undefined
      ? { ...asked, templateHash }
      : { ...asked, podCreator, templateHash: `${templateHash}.${podCreator}` };
  return proxyConfigs === undefined
    ? { ...asked, templateHash }
    : { ...asked, proxyConfigs, templateHash: `${templateHash}.${proxyConfigs}` };
}
