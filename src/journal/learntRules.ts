import type { RewriteRule } from '../compare/learntImage.ts';
import type { LearntImage } from './journalText.ts';

/** The rules of a run that count in a namespace. */
export function counting(
  learnt: ReadonlyMap<string, readonly LearntImage[]>,
  run: string,
  namespace: string,
): readonly RewriteRule[] {
  const counts = ({ rule, namespaces }: LearntImage): boolean =>
    rule.kind !== 'exact' || namespaces.length > 1 || namespaces.includes(namespace);
  return (learnt.get(run) ?? []).filter(counts).map(({ rule }) => rule);
}
