import { type CelEnv, type CelResult, celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import type { Workload } from '../model.ts';
import { type AdmissionVariables, admissionVariables } from './admittedPod.ts';
import type { MatchCondition, WebhookEntry } from './webhookEntry.ts';

/** Whether an entry's `matchConditions` let the API server call it, with the deciding condition and the reason. */
export type ConditionsMet =
  | { readonly met: true }
  | { readonly met: false; readonly condition: string }
  | { readonly met: 'unknown'; readonly condition: string; readonly why: string };

type Outcome = boolean | { readonly why: string };
type Program = (variables: AdmissionVariables) => Outcome;

/** Longer expressions are not evaluated, because their cost is not estimated here as in the API server. */
const LONGEST_EXPRESSION = 4096;
/** The maximum depth of nested macros such as `exists`. */
const DEEPEST_LOOPS = 2;
/** The API server's limit (apis/admissionregistration/validation, maxMatchConditions). */
const MOST_CONDITIONS = 64;
const MOST_PROGRAMS = 1000;

/** Made for the first condition: few clusters have any. */
let environment: CelEnv | undefined;
const programs = new Map<string, Program>();
/** Cached per workload object. A workload that is read again is a new object, so its cache goes with the old one. */
const outcomes = new WeakMap<Workload, Map<string, Outcome>>();

/**
 * Evaluates the conditions of an entry for a workload's next pod, as the API server does (apiserver
 * admission/plugin/webhook/matchconditions/matcher.go). One false condition keeps the entry from being called, whatever the others say. An
 * error is handled by the failure policy. The result is unknown if it cannot be determined exactly: because of values that are not known
 * before the pod is created, `authorizer`, functions that only Kubernetes has, or errors.
 * @param workload the pod's owner. If it is undefined, only labels are known, and every condition is unknown
 */
export function conditionsMet({ conditions }: WebhookEntry, workload: Workload | undefined): ConditionsMet {
  let unknown: ConditionsMet | undefined;
  for (const [index, condition] of conditions.entries()) {
    const outcome =
      index < MOST_CONDITIONS ? outcomeOf(condition, workload) : { why: 'the entry has too many conditions' };
    if (outcome === false) return { met: false, condition: condition.name };
    if (outcome !== true) unknown ??= { met: 'unknown', condition: condition.name, why: outcome.why };
  }
  return unknown ?? { met: true };
}

function outcomeOf({ expression }: MatchCondition, workload: Workload | undefined): Outcome {
  if (!workload) return { why: 'the pod is not known' };
  if (workload.unsupported) return { why: 'only labels and annotations of its pods are read' };
  const known = outcomes.get(workload) ?? new Map<string, Outcome>();
  outcomes.set(workload, known);
  const outcome = known.get(expression) ?? programOf(expression)(admissionVariables(workload));
  known.set(expression, outcome);
  return outcome;
}

function programOf(expression: string): Program {
  const known = programs.get(expression);
  if (known) return known;
  if (programs.size >= MOST_PROGRAMS) programs.clear();
  const program = compiled(expression);
  programs.set(expression, program);
  return program;
}

function compiled(expression: string): Program {
  const never =
    (why: string): Program =>
    () => ({ why });
  if (expression.length > LONGEST_EXPRESSION) return never(`it is longer than ${LONGEST_EXPRESSION} characters`);
  try {
    const parsed = parse(expression);
    if (loopsIn(parsed.expr) > DEEPEST_LOOPS) return never('it has more than two nested loops');
    environment ??= celEnv({ funcs: strings });
    const evaluate = plan(environment, parsed);
    return (variables) => outcomeFrom(evaluate(variables as never));
  } catch (error) {
    return never(inWords(error));
  }
}

function outcomeFrom(result: CelResult): Outcome {
  if (typeof result === 'boolean') return result;
  return { why: isCelError(result) ? inWords(result) : 'it is neither true nor false' };
}

/** The depth of nested comprehensions. */
function loopsIn(part: unknown): number {
  if (typeof part !== 'object' || part === null) return 0;
  const inner = Math.max(0, ...Object.values(part).map(loopsIn));
  return inner + Number((part as { case?: unknown }).case === 'comprehensionExpr');
}

/** The innermost message in one short line. */
function inWords(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? inWords(cause) : (message.split('\n', 1)[0] ?? '').slice(0, 200);
}
