import { RESTARTED_AT } from '../names.ts';
import { parseTime, timestamp } from '../rfc3339.ts';
import type { Actuator } from './actuator.ts';

/** Restarts like `kubectl rollout restart`: the controller replaces every pod when an annotation on the pod template changes. */
export const byTemplateAnnotation: Actuator = {
  help: `the annotation \`${RESTARTED_AT}\` on its pod template`,
  mark: 'the restart annotation',
  verbs: ['patch'],
  begin: (restartedAt) => ({
    spec: { template: { metadata: { annotations: { [RESTARTED_AT]: timestamp(restartedAt) } } } },
  }),
  begunAt: ({ template }) => parseTime(template.annotations[RESTARTED_AT]),
};
