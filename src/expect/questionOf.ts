import { ALLOWS_MOST } from '../kinds/kindPolicy.ts';
import { kindOf } from '../kinds/kinds.ts';
import type { Workload } from '../model.ts';
import { digest } from './epoch.ts';
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
  const facts = namespaceOf(mesh, workload);
  const { proxyConfigs } = facts;
  const asked = { injection, namespace, name, template, ...(config && { config }) };
  const podCreator = kindOf(workload)?.podCreator;
  // whatever may change the answer is part of the key
  if (injection.source) {
    // Linkerd's injector, for one, reads the annotations of the namespace (linkerd2 controller/proxy-injector/webhook.go)
    const ofNamespace = `${templateHash}.${digest(facts)}`;
    return podCreator === undefined
      ? { ...asked, templateHash: ofNamespace }
      : { ...asked, podCreator, templateHash: `${ofNamespace}.${podCreator}` };
  }
  return proxyConfigs === undefined
    ? { ...asked, templateHash }
    : { ...asked, proxyConfigs, templateHash: `${templateHash}.${proxyConfigs}` };
}
