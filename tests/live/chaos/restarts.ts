import { readJournal } from '../../../src/journal/journalText.ts';
import { refOf, type WorkloadKey } from '../../../src/model.ts';
import { ANNOTATION, LEASE_ANNOTATION } from '../../../src/names.ts';
import { parseTime } from '../../../src/rfc3339.ts';
import { arrival, type History, type UserWrite } from './history.ts';

type Annotations = Readonly<Record<string, string | null>>;

/** A restart that the API server has accepted, or may have. */
export interface Restart {
  readonly write: UserWrite;
  /** `resource/namespace/name`. */
  readonly workload: string;
  readonly namespace: string;
  /** Empty where no answer told it. */
  readonly uid: string;
  readonly at: number;
  /** The time that stands in the record and on the template. */
  readonly restartedAt: string;
  readonly target: string;
  readonly run: string;
  /** How it ended and when, as far as it was written anywhere. */
  readonly outcome: string | undefined;
  /** Also of one whose namespace was deleted. */
  readonly end: number | undefined;
}

const RESOURCES: ReadonlySet<string> = new Set(['deployments', 'statefulsets', 'daemonsets']);

/** Whether a write is one of a workload: of its object or of one of its pods. */
export const isOfWorkload = ({ resource, subresource }: UserWrite): boolean =>
  RESOURCES.has(resource) || subresource === 'eviction';

export const keyOf = ({ resource, namespace, name }: UserWrite): string => `${resource}/${namespace}/${name}`;

/** Whether the API server has done what a write asked for. */
export const isAccepted = ({ code }: UserWrite): boolean => code >= 200 && code < 300;

export const annotationsOf = ({ body }: UserWrite): Annotations =>
  (body as { metadata?: { annotations?: Annotations } } | undefined)?.metadata?.annotations ?? {};

/** Whether an operator asked for a restart: its record without an outcome. */
export function isRestart(write: UserWrite): boolean {
  const record = annotationsOf(write);
  return (
    write.verb === 'patch' &&
    RESOURCES.has(write.resource) &&
    Boolean(record[ANNOTATION.restartedFor]) &&
    !record[ANNOTATION.outcome]
  );
}

/** All restarts that were accepted, in the order in which they arrived. */
export function restartsOf(history: History): Restart[] {
  const ends = endsOf(history);
  // it takes a while from the request to delete a namespace until its workloads are gone, but they are when it is made anew
  const gone = history.writes.filter(
    (write) => ['delete', 'create'].includes(write.verb) && write.resource === 'namespaces' && isAccepted(write),
  );
  return history.writes
    .filter((write) => history.operators.includes(write.user) && isRestart(write) && isAccepted(write))
    .map((write) => {
      const record = annotationsOf(write);
      const restartedAt = record[ANNOTATION.restartedAt] ?? '';
      const at = arrival(write);
      const ended = ends.get(endKey(keyOf(write), parseTime(restartedAt)));
      const deleted = gone.find((one) => one.name === write.namespace && arrival(one) > at);
      return {
        write,
        workload: keyOf(write),
        namespace: write.namespace,
        uid: write.uid ?? '',
        at,
        restartedAt,
        target: record[ANNOTATION.restartedFor] ?? '',
        run: record[ANNOTATION.run] ?? '',
        outcome: ended?.outcome,
        end: ended?.time ?? (deleted && arrival(deleted)),
      };
    });
}

interface End {
  readonly outcome: string;
  readonly time: number;
}

const endKey = (workload: string, at: number | undefined): string => `${workload} ${at}`;

/** The ends of restarts, from outcomes on workloads and from the journal in the Lease, whichever came first. */
function endsOf({ writes, operators }: History): ReadonlyMap<string, End> {
  const ends = new Map<string, End>();
  for (const write of writes.filter((one) => operators.includes(one.user) && isAccepted(one)))
    for (const { key, outcome } of outcomesIn(write))
      if (outcome && !ends.has(key)) ends.set(key, { outcome, time: arrival(write) });
  return ends;
}

/** The outcomes that one write tells of. */
function outcomesIn(write: UserWrite): { readonly key: string; readonly outcome: string | undefined | null }[] {
  const record = annotationsOf(write);
  const at = parseTime(record[ANNOTATION.restartedAt] ?? '');
  const own = { key: endKey(keyOf(write), at), outcome: record[ANNOTATION.outcome] };
  const text = write.resource === 'leases' ? record[LEASE_ANNOTATION.journal] : undefined;
  const journal = readJournal(text ?? '');
  if ('unreadable' in journal) return [own];
  return [...journal.entries].flatMap(([key, entry]) =>
    [entry, entry.before ?? entry].map(({ restartedAt, outcome }) => ({
      key: endKey(resourceKey(key), restartedAt),
      outcome,
    })),
  );
}

/** As the audit log names a workload of the journal. */
function resourceKey(key: WorkloadKey): string {
  const { kind, namespace, name } = refOf(key);
  return `${kind.toLowerCase()}s/${namespace}/${name}`;
}
