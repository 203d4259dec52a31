import { WAIT_REASONS } from '../plan/waitReasons.ts';
import type { ClusterStatus } from './clusterStatus.ts';
import { isObjectName } from './objectName.ts';
import type { WaitSum } from './statusDocument.ts';

/** The command that ends a wait; undefined if it ends by itself, or if no one command ends it. */
export function endedBy({ reason, example }: WaitSum, { home, paused }: ClusterStatus): string | undefined {
  const template = [...WAIT_REASONS.values()].find(({ code }) => code === reason)?.endedBy;
  // a pause in the policy ends where the policy is written
  if (template === undefined || (reason === 'operator-paused' && paused === undefined)) return undefined;
  const words: Readonly<Record<string, string>> = {
    '{meltemi}': home,
    '{namespace}': example.namespace,
    '{kind}': example.kind.toLowerCase(),
    '{name}': example.name,
  };
  const used = Object.entries(words).filter(([placeholder]) => template.includes(placeholder));
  // people paste it into a shell
  if (!used.every(([, word]) => isObjectName(word))) return undefined;
  return used.reduce((command, [placeholder, word]) => command.replace(placeholder, word), template);
}
