import type { Verdict } from '../compare/verdict.ts';
import { fits, type Shape } from '../fieldTypes.ts';
import type { WorkloadRef } from '../model.ts';
import type { WaveProgress } from '../plan/wave.ts';
import type { Row } from '../report/row.ts';

/** How many workloads there are of each sort. A workload in flight is outdated too, until its pods are seen again. */
export interface Counts extends Readonly<Record<Verdict['state'], number>> {
  readonly inFlight: number;
  /** Outdated, and something keeps them from being restarted now. */
  readonly waiting: number;
  /** Their last restart failed, and they are still not current. */
  readonly failed: number;
}

/** When something is expected to end, RFC 3339. In nine of ten cases it ends before `p90`. */
export interface Eta {
  readonly median: string;
  readonly p90: string;
}

/** How far a wave is. The states are those of the policy's waves. */
export interface WaveStatus extends Omit<WaveProgress, 'until' | 'eta'> {
  /** RFC 3339; when a timed state ends. */
  readonly until?: string;
  readonly eta?: Eta;
}

/** Everything that is restarted towards one state of an injector. */
export interface RunStatus {
  readonly id: string;
  readonly injector: string;
  readonly revision?: string;
  /** The sidecar that it brings; absent while no answer names one. */
  readonly to?: string;
  readonly startedAt?: string;
  readonly eta?: Eta;
  readonly waves: readonly WaveStatus[];
}

/** Workloads that wait for the same reason. */
export interface WaitSum {
  readonly reason: string;
  readonly workloads: number;
  /** When the first of their timed waits ends, RFC 3339. */
  readonly until?: string;
  /** One of them, and what it waits for. */
  readonly example: WorkloadRef & { readonly detail: string };
}

/** One decision, as `plan` has it, with what only matters to a run under way. */
export interface StatusRow extends Omit<Row, 'others'> {
  /** The run that it belongs to. */
  readonly run?: string;
  /** Of a restart in flight: when it was written, RFC 3339. */
  readonly startedAt?: string;
}

/** A control plane whose injector decides about workloads. */
export interface ControlPlane {
  readonly injector: string;
  readonly revision: string;
  /** Of its istiod; absent if that is not visible. */
  readonly version?: string;
}

/** What there is in a namespace. */
export interface NamespaceCounts extends Counts {
  readonly namespace: string;
  /** As in the document; absent where there are none. */
  readonly unsupportedPods?: number;
}

/** What the leader publishes of its last evaluation. Sums are of all workloads; lists are cut, the most urgent first. */
export interface StatusDocument {
  readonly version: 1;
  /** When the evaluation was made, RFC 3339. */
  readonly at: string;
  /** Why the policy lets no restart begin; absent if it does not pause. A pause on the Lease is not in here. */
  readonly paused?: string;
  readonly counts: Counts;
  /** Outdated pods of owners that Meltemi cannot restart. */
  readonly unsupportedPods: number;
  readonly controlPlanes: readonly ControlPlane[];
  /** Pods by the version of their proxy, the most frequent first. */
  readonly proxies: readonly { readonly version: string; readonly pods: number }[];
  readonly namespaces: readonly NamespaceCounts[];
  readonly waits: readonly WaitSum[];
  readonly runs: readonly RunStatus[];
  /** Workloads that are not current, except those that are skipped. */
  readonly workloads: readonly StatusRow[];
  /** Workloads that `workloads` has no room for. */
  readonly leftOut: number;
}

/** No workloads. */
export const NO_COUNTS: Counts = {
  current: 0,
  outdated: 0,
  skipped: 0,
  unknown: 0,
  conflict: 0,
  inFlight: 0,
  waiting: 0,
  failed: 0,
};

const COUNTS = Object.fromEntries(Object.keys(NO_COUNTS).map((key) => [key, 'number' as const]));
const ETA: Shape = { median: 'string', p90: 'string' };
const REF = { kind: 'string', namespace: 'string', name: 'string' } as const;
const WAVE: Shape = {
  name: 'string',
  state: 'string',
  detail: 'string',
  until: 'string',
  total: 'number',
  current: 'number',
  inFlight: 'number',
  failed: 'number',
  waiting: 'number',
  eta: ETA,
};
const ROW: Shape = {
  ...REF,
  verdict: 'string',
  action: 'string',
  reason: 'string',
  detail: 'string',
  until: 'string',
  wave: 'string',
  order: 'number',
  drifts: ['string'],
  from: 'string',
  to: 'string',
  run: 'string',
  startedAt: 'string',
  lastOutcome: 'string',
};
const DOCUMENT: Shape = {
  version: 'number',
  at: 'string',
  paused: 'string',
  counts: COUNTS,
  unsupportedPods: 'number',
  controlPlanes: [{ injector: 'string', revision: 'string', version: 'string' }],
  proxies: [{ version: 'string', pods: 'number' }],
  namespaces: [{ namespace: 'string', unsupportedPods: 'number', ...COUNTS }],
  waits: [{ reason: 'string', workloads: 'number', until: 'string', example: { ...REF, detail: 'string' } }],
  runs: [
    {
      id: 'string',
      injector: 'string',
      revision: 'string',
      to: 'string',
      startedAt: 'string',
      eta: ETA,
      waves: [WAVE],
    },
  ],
  workloads: [ROW],
  leftOut: 'number',
};

const LISTS = ['controlPlanes', 'proxies', 'namespaces', 'waits', 'runs', 'workloads'] as const;

/** Whether a value is a status document: what reads it may rely on its types and on the fields that are always there. */
export function isStatusDocument(raw: unknown): raw is StatusDocument {
  if (typeof raw !== 'object' || raw === null || !fits(raw, DOCUMENT)) return false;
  const { at, counts, leftOut, unsupportedPods, runs, waits, workloads, ...rest } = raw as Partial<StatusDocument>;
  if (at === undefined || leftOut === undefined || unsupportedPods === undefined) return false;
  const all = { ...rest, runs, waits, workloads };
  if (LISTS.some((list) => !all[list]) || !hasAll(counts, Object.keys(NO_COUNTS))) return false;
  return (
    rest.namespaces?.every((one) => hasAll(one, ['namespace', ...Object.keys(NO_COUNTS)])) === true &&
    rest.controlPlanes?.every((one) => hasAll(one, ['injector', 'revision'])) === true &&
    rest.proxies?.every((one) => hasAll(one, ['version', 'pods'])) === true &&
    waits?.every((one) => hasAll(one, ['reason', 'workloads', 'example']) && hasAll(one.example, EXAMPLE)) === true &&
    runs?.every((one) => hasAll(one, ['id', 'injector', 'waves']) && one.waves.every(isWave)) === true &&
    workloads?.every((one) => hasAll(one, ['kind', 'namespace', 'name', 'verdict', 'action', 'reason', 'detail'])) ===
      true
  );
}

const EXAMPLE = ['kind', 'namespace', 'name', 'detail'];
const isWave = (wave: WaveStatus): boolean =>
  hasAll(wave, ['name', 'state', 'total', 'current', 'inFlight', 'failed', 'waiting']);

const hasAll = (value: object | undefined | null, fields: readonly string[]): boolean =>
  fields.every((field) => {
    const found = (value as Readonly<Record<string, unknown>> | undefined | null)?.[field];
    return found !== undefined && found !== null;
  });
