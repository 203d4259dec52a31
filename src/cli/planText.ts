import type { Evaluation } from '../plan/evaluate.ts';
import type { RunWaves } from '../plan/wave.ts';
import { jsonText, yamlText } from '../report/machineText.ts';
import { planTable } from '../report/planTable.ts';
import type { Row } from '../report/row.ts';
import type { WaveWords } from '../report/waveWords.ts';
import { timestamp } from '../rfc3339.ts';
import type { SettingsSource } from './installed/installedSettings.ts';
import type { Streams } from './planCommand.ts';
import type { Settings } from './settings.ts';
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
  readonly evaluation: Pick<Evaluation, 'waves'>;
}

/** A plan as a table for people, or as JSON or YAML, which have the exact values. */
export function planText(
  { rows, warnings, assumptions, source, waves, evaluation }: Printed,
  { output, all }: Settings,
  { out, environment }: Pick<Streams, 'out' | 'environment'>,
): string {
  const assumed = assumptions.length > 0 && { assumptions };
  const machine = {
    ...assumed,
    workloads: rows,
    warnings,
    ...(source && { settings: source }),
    ...(waves && { runs: evaluation.waves.map(machineWaves) }),
  };
  if (output === 'json') return `${jsonText(machine, 2)}\n`;
  if (output === 'yaml') return yamlText(machine);
  const colour = out.isTTY === true && !environment.NO_COLOR;
  return assumedText(assumptions) + planTable(rows, { colour, all, ...(waves && { waves }) });
}

/** Times as RFC 3339, as those of the workloads. */
const machineWaves = ({ run, waves }: RunWaves): object => ({
  id: run,
  waves: waves.map(({ until, ...wave }) => ({ ...wave, ...(until !== undefined && { until: timestamp(until) }) })),
});
