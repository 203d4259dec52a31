import { counted } from '../counted.ts';
import { type Injection, runWord } from '../expect/mesh.ts';
import { timestamp } from '../rfc3339.ts';
import type { ByRun } from './history.ts';
import type { RuleContext } from './rule.ts';
import type { Finding } from './wait.ts';

type Known = Pick<RuleContext, 'history' | 'policy'>;

/**
 * Whether failures halt the restarts of an injection's run in a namespace, and why. Failures in one namespace halt only that namespace.
 * Failures in several namespaces halt the whole run, and so do failures in its only namespace. So the owner of one namespace cannot halt
 * the others. If the policy wants an image that the injector does not give, other restarts would bring the same, so one failure is enough.
 */
export function haltOf(injection: Injection, namespace: string, known: Known): Finding | undefined {
  const { run } = injection;
  const halted = (of: 'namespace' | 'run', detail: string): Finding => ({
    detail: `${detail}${sinceWords(known)}`,
    of,
  });
  const open = everywhereOrHere(known.history.failingOpen, run, run, namespace, known);
  if (open !== undefined) {
    const of = isSeenOnce(known.history.failingOpen, run, known) ? 'namespace' : 'run';
    return halted(of, `the webhook fails open: new pods of ${open} are ready without their sidecar`);
  }
  const wrong = injection.source?.fixed && everywhereOrHere(known.history.wrongImages, run, run, namespace, known);
  if (wrong !== undefined) {
    const of = isSeenOnce(known.history.wrongImages, run, known) ? 'namespace' : 'run';
    return halted(of, `the injector gives another image than the policy wants: see ${wrong}`);
  }
  const failed = [...(known.history.failures.get(run) ?? [])];
  const { failureBudget } = known.policy;
  const share = Math.min(failureBudget, known.policy.failureBudgetPerNamespace);
  const here = known.history.failures.get(run)?.get(namespace) ?? 0;
  const towards = `towards ${runWord(injection)} failed`;
  if (here >= share)
    return halted(
      'namespace',
      `${counted(here, 'restart')} ${towards} in namespace ${namespace}, its budget is ${share}`,
    );
  const sum = failed.reduce((sum, [, count]) => sum + Math.min(count, share), 0);
  if (sum < failureBudget || (failed.length < 2 && !isAlone(run, known))) return undefined;
  const all = failed.reduce((sum, [, count]) => sum + count, 0);
  return halted(
    'run',
    `${counted(all, 'restart')} ${towards} in ${counted(failed.length, 'namespace')}, the budget is ${failureBudget}`,
  );
}

/** Whether one namespace has seen it, so that the others are not held. */
const isSeenOnce = (seen: ByRun<string>, run: string, known: Known): boolean =>
  seen.get(run)?.size === 1 && !isAlone(run, known);

/** An Event with the same words is sent once in ten minutes. A halt after a resume must not be taken for the one before. */
const sinceWords = ({ history: { since } }: Known): string =>
  since > 0 ? `; counted since the resume at ${timestamp(since)}` : '';

const isAlone = (run: string, { history }: Known): boolean => (history.namespaces.get(run)?.size ?? 0) <= 1;

/**
 * What halts a namespace: a sight in itself, or sights in two namespaces, or one in the only namespace that the run concerns.
 */
export function everywhereOrHere<T>(
  seen: ByRun<T>,
  key: string,
  run: string,
  namespace: string,
  known: Known,
): T | undefined {
  const where = seen.get(key);
  const here = where?.get(namespace);
  if (here !== undefined || !where) return here;
  const [first] = where.values();
  return where.size > 1 || isAlone(run, known) ? first : undefined;
}
