import type { Labels } from '../model.ts';
import type { ChartLabels } from './mesh.ts';

/** Which chart version an object comes from, as its labels say. */
export const chartLabels = (labels: Labels | undefined): ChartLabels => [
  labels?.['helm.sh/chart'],
  labels?.['app.kubernetes.io/version'],
];

/** Whether two objects say that they come from different chart versions. What either does not say is not known, and so no difference. */
export const chartsDiffer = (a: ChartLabels, b: ChartLabels): boolean =>
  a.some((label, index) => label !== undefined && b[index] !== undefined && label !== b[index]);
