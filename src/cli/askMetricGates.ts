import { inSlices } from '../loopSlices.ts';
import { type AskOptions, askPrometheus } from '../metricGates/askPrometheus.ts';
import { askedMetricGates } from '../plan/askedMetricGates.ts';
import { metricGatesOf } from '../plan/closedMetricGates.ts';
import { type Evaluation, type EvaluationInputs, evaluateStepwise } from '../plan/evaluate.ts';
import type { MetricGate, MetricGateStates } from '../plan/metricGate.ts';
import type { Planned } from '../plan/plan.ts';

/** Asks each of these metric gates once, side by side. */
export async function askMetricGates(gates: readonly MetricGate[], options: AskOptions): Promise<MetricGateStates> {
  const askedAt = Date.now();
  const answers = gates.map(async (gate) => [gate.name, { ...(await askPrometheus(gate, options)), askedAt }] as const);
  return new Map(await Promise.all(answers));
}

/**
 * Evaluates, and asks the metric gates in between: those that would hold something, and all that hold the workload which is explained.
 * @param isExplained whether it is that workload
 */
export async function evaluateWithMetricGates(
  inputs: EvaluationInputs,
  isExplained: (planned: Planned) => boolean,
  options: AskOptions,
): Promise<{ readonly evaluation: Evaluation; readonly metricGates: MetricGateStates }> {
  const evaluation = await inSlices(evaluateStepwise(inputs), inputs.observations.length);
  const { context } = inputs;
  const { metricGates: gates = [] } = context.policy;
  const explained = evaluation.items.filter(isExplained).flatMap((one) => metricGatesOf(one, context));
  const wanted = new Set([...askedMetricGates(evaluation, context), ...explained.map(({ name }) => name)]);
  if (wanted.size === 0) return { evaluation, metricGates: new Map() };
  const metricGates = await askMetricGates(
    gates.filter(({ name }) => wanted.has(name)),
    options,
  );
  const asked = { ...inputs, context: { ...context, metricGates } };
  return { evaluation: await inSlices(evaluateStepwise(asked), inputs.observations.length), metricGates };
}
