import type { Evaluation } from '../plan/evaluate.ts';
import { forecastLine } from '../report/etaWords.ts';
import { machineForecast, machineWaves } from '../report/machineRuns.ts';
import { jsonPieces, yamlText } from '../report/machineText.ts';
import { planTable } from '../report/planTable.ts';
import type { Row } from '../report/row.ts';
import type { WaveWords } from '../report/waveWords.ts';
import type { SettingsSource } from './installed/installedSettings.ts';
import type { Settings } from './settings.ts';
import type { Streams } from './streams.ts';
import { assumedText } from './whatIf/assumedText.ts';
import type { Checked } from './whatIf/checkAssumptions.ts';

/** What a plan prints. */
export interface Printed {
  readonly rows: readonly Row[];
  /** What could not be read; an empty list means that the plan is complete. */
  readonly warnings: readonly string[];
  /** What was assumed; an empty list means that the plan is about the cluster as it is. */
  readonly assumptions: readonly Checked[];
  readonly source?: SettingsSource;
  /** Absent without waves in the policy. */
  readonly waves: readonly WaveWords[] | undefined;
  readonly evaluation: Pick<Evaluation, 'waves' | 'eta'>;
}

/** A plan as a table for people, or as JSON or YAML, which have the exact values. In pieces, because a large mesh has many rows. */
export function* planText(
  { rows, warnings, assumptions, source, waves, evaluation }: Printed,
  { output, all }: Settings,
  { out, environment }: Pick<Streams, 'out' | 'environment'>,
): Generator<string, void> {
  const assumed = assumptions.length > 0 && { assumptions };
  const machine = {
    ...assumed,
    workloads: rows,
    warnings,
    ...(source && { settings: source }),
    ...(waves && { runs: evaluation.waves.map(machineWaves) }),
    ...(evaluation.eta && { eta: machineForecast(evaluation.eta) }),
  };
  if (output === 'json') {
    yield* jsonPieces(machine);
    yield '\n';
    return;
  }
  if (output === 'yaml') {
    yield yamlText(machine);
    return;
  }
  const eta = evaluation.eta && forecastLine(evaluation.eta);
  const colour = out.isTTY === true && !environment.NO_COLOR;
  yield assumedText(assumptions) + planTable(rows, { colour, all, ...(waves && { waves }), eta });
}
