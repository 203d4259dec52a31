import { jsonText, yamlText } from '../report/machineText.ts';
import { planTable } from '../report/planTable.ts';
import type { Row } from '../report/row.ts';
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
}

/** A plan as a table for people, or as JSON or YAML, which have the exact values. */
export function planText(
  { rows, warnings, assumptions, source }: Printed,
  { output, all }: Settings,
  { out, environment }: Pick<Streams, 'out' | 'environment'>,
): string {
  const assumed = assumptions.length > 0 && { assumptions };
  const machine = { ...assumed, workloads: rows, warnings, ...(source && { settings: source }) };
  if (output === 'json') return `${jsonText(machine, 2)}\n`;
  if (output === 'yaml') return yamlText(machine);
  const colour = out.isTTY === true && !environment.NO_COLOR;
  return assumedText(assumptions) + planTable(rows, { colour, all });
}
