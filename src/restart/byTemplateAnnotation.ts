import { RESTARTED_AT } from '../names.ts';
import { parseTime, timestamp } from '../rfc3339.ts';
import type { Actuator } from './actuator.ts';

/** As `kubectl rollout restart`: an annotation on the pod template, for which the controller replaces every pod. */
export const byTemplateAnnotation: Actuator = {
  help: `the annotation \`${RESTARTED_AT}\` on its pod template`,
  verbs: ['patch'],
  begin: (restartedAt) => ({
    spec: { template: { metadata: { annotations: { [RESTARTED_AT]: timestamp(restartedAt) } } } },
  }),
  begunAt: ({ template }) => parseTime(template.annotations[RESTARTED_AT]),
};
