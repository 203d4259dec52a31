import type { Labels } from '../model.ts';
import type { ChartLabels } from './mesh.ts';

/** The chart version that an object comes from, according to its labels. */
export const chartLabels = (labels: Labels | undefined): ChartLabels => [
  labels?.['helm.sh/chart'],
  labels?.['app.kubernetes.io/version'],
];

/** Whether the labels of two objects name different chart versions. A missing label is unknown, so it is not a difference. */
export const chartsDiffer = (a: ChartLabels, b: ChartLabels): boolean =>
  a.some((label, index) => label !== undefined && b[index] !== undefined && label !== b[index]);
