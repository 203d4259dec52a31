import type { Workload, WorkloadRef } from '../model.ts';

/** The workload whose pod template another one uses; undefined if that has its own, or names none. */
export const lenderOf = ({ namespace, templateFrom }: Workload): WorkloadRef | undefined =>
  templateFrom?.name ? { ...templateFrom, namespace } : undefined;

/**
 * A workload with the template of its lender, and its selector if it has none itself (argo-rollouts rollout/templateref.go Resolve).
 * Without its lender it stays as it is.
 */
export function withTemplateOf(workload: Workload, lender: Workload | undefined): Workload {
  if (!lender) return workload;
  const { template, selector, resourceVersion } = lender;
  const hasSelector = Object.keys(workload.selector).length > 0;
  return { ...workload, template, templateVersion: resourceVersion, ...(!hasSelector && { selector }) };
}

/** Why a workload cannot be judged: its lender was not found. Undefined if it can be. */
export function missingLender({ templateFrom, templateVersion }: Workload): string | undefined {
  if (!templateFrom || templateVersion !== undefined) return undefined;
  return `its pod template is that of ${templateFrom.kind} ${templateFrom.name}, which was not found`;
}
