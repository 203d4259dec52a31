import type { Owner } from '../model.ts';
import type { Judged } from './judged.ts';
import { recordOf } from './record.ts';

/** What the records of all workloads say of earlier restarts: it survives crashes and leader changes because the records do. */
export interface History {
  /** Failed restarts of each run. */
  readonly failures: ReadonlyMap<string, number>;
  /** Runs in which new pods became ready without their sidecar, with one such workload. */
  readonly failingOpen: ReadonlyMap<string, string>;
  /** Runs and kinds of owner that have taken a restart back, with one such workload, as `<run> <kind of owner>`. */
  readonly reverted: ReadonlyMap<string, string>;
}

/**
 * @param resumedAt when a person last asked to go on, in milliseconds; what was written before counts no more. Records are cut to the
 * second, so one of that very second may be of later and counts: better to halt once too often. For the same reason a time that is still to
 * come, by the clock of a former leader, forgives nothing: it would forgive what fails until then
 */
export function historyOf(judged: readonly Judged[], now: number, resumedAt = 0): History {
  const failures = new Map<string, number>();
  const failingOpen = new Map<string, string>();
  const reverted = new Map<string, string>();
  const since = resumedAt > now ? 0 : Math.floor(resumedAt / 1000) * 1000;
  for (const { workload } of judged) {
    const record = recordOf(workload);
    if (!record || record.restartedAt < since) continue;
    const { run, outcome = '' } = record;
    const name = `${workload.kind} ${workload.namespace}/${workload.name}`;
    if (outcome.startsWith('failed:')) failures.set(run, (failures.get(run) ?? 0) + 1);
    if (outcome === 'failed:not-injected') failingOpen.set(run, name);
    if (outcome === 'reverted' && workload.owner) reverted.set(`${run} ${ownerKind(workload.owner)}`, name);
  }
  return { failures, failingOpen, reverted };
}

/** The kind of an owner with its API group, whatever its version: `Kafka.kafka.strimzi.io`. */
export function ownerKind({ apiVersion, kind }: Owner): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.split('/', 1)[0]}` : '';
  return `${kind}${group}`;
}
