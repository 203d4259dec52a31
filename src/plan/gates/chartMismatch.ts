import { chartsDiffer } from '../../expect/chartLabels.ts';
import { DOES_NOT_APPLY, type Gate, istiodName } from './gate.ts';

/** G2. */
export const chartMismatch: Gate<'chart-mismatch'> = {
  code: 'chart-mismatch',
  help: 'The injector ConfigMap and the istiod Deployment come from different chart versions: an upgrade is half-way (gate G2).',
  ends: 'The upgrade is complete: both come from one chart version. Or put the gate into `--ignore-gate`.',
  lookAgain: 'on-change',
  withoutIstiod: DOES_NOT_APPLY,
  check({ injection: { istiod, configChart } }) {
    if (!istiod || !configChart || !chartsDiffer(istiod.chart, configChart)) return undefined;
    const say = (labels: readonly (string | undefined)[]): string => labels.filter(Boolean).join(', ');
    return `${istiodName(istiod)} comes from ${say(istiod.chart)}, its injector ConfigMap from ${say(configChart)}`;
  },
};
