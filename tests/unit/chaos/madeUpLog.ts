import { ANNOTATION, LEASE_ANNOTATION } from '../../../src/names.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import type { History, PolicyMark, Revision, UserWrite } from '../../live/chaos/history.ts';

/** Made-up times are seconds after this one. */
const BEGIN = Date.UTC(2026, 0, 1);
export const at = (seconds: number): number => BEGIN + 1000 * seconds;

export const POLICY: PolicyMark = {
  time: at(-1000),
  maxInFlight: 2,
  maxInFlightPerNamespace: 1,
  maxRestartsPerMinute: 0,
  waves: ['one', 'two'],
  bake: 5000,
};

/** A history of these writes by the operators `a` and `b`. */
export const history = (writes: readonly UserWrite[], given: Partial<History> = {}): History => ({
  writes: [...writes].sort((one, other) => one.time - other.time),
  operators: ['a', 'b'],
  policies: [POLICY],
  optedOut: ['out-web'],
  revisions: [],
  ...given,
});

const write = (seconds: number, given: Partial<UserWrite>): UserWrite => ({
  time: at(seconds),
  received: at(seconds),
  user: 'a',
  verb: 'patch',
  resource: 'deployments',
  subresource: '',
  namespace: 'rest-web',
  name: 'web',
  code: 200,
  userAgent: '',
  uid: '',
  ...given,
});

interface Recorded extends Partial<UserWrite> {
  readonly target?: string;
  readonly run?: string;
  /** When the restart began, in seconds. */
  readonly began?: number;
}

function record(seconds: number, outcome: string, { target = 't1', run = 'r1', began, ...given }: Recorded): UserWrite {
  const annotations = {
    [ANNOTATION.restartedFor]: target,
    [ANNOTATION.restartedAt]: timestamp(at(began ?? seconds)),
    [ANNOTATION.run]: run,
    [ANNOTATION.outcome]: outcome,
  };
  return write(seconds, { uid: given.namespace ?? 'rest-web', ...given, body: { metadata: { annotations } } });
}

/** A restart that an operator asked for. */
export const restart = (seconds: number, given: Recorded = {}): UserWrite => record(seconds, '', given);

/** The end of the restart that began then, on the workload. */
export const end = (seconds: number, began: number, given: Recorded = {}, outcome = 'verified'): UserWrite =>
  record(seconds, outcome, { ...given, began });

/** The same, in the journal alone. */
export function endInJournal(seconds: number, began: number, key = 'Deployment/rest-web/web'): UserWrite {
  const entry = { uid: 'u', for: 't1', at: timestamp(at(began)), run: 'r1', generation: 1, outcome: 'verified' };
  const journal = JSON.stringify({ version: 1, restarts: { [key]: entry } });
  return lease(seconds, 'a', { [LEASE_ANNOTATION.journal]: journal });
}

/** A user takes the Lease or renews it. */
export const lease = (seconds: number, user: string, annotations: Record<string, string> = {}): UserWrite =>
  write(seconds, {
    user,
    verb: 'update',
    resource: 'leases',
    namespace: 'default',
    name: 'meltemi',
    body: { metadata: { annotations }, spec: { holderIdentity: user } },
  });

export const eviction = (seconds: number, name: string, uid: string, given: Partial<UserWrite> = {}): UserWrite =>
  write(seconds, {
    verb: 'create',
    resource: 'pods',
    subresource: 'eviction',
    name,
    code: 201,
    body: { deleteOptions: { preconditions: { uid } } },
    ...given,
  });

export const deletion = (seconds: number, namespace: string): UserWrite =>
  write(seconds, { user: 'admin', verb: 'delete', resource: 'namespaces', namespace, name: namespace });

export const creation = (seconds: number, namespace: string): UserWrite =>
  write(seconds, { user: 'admin', verb: 'create', resource: 'namespaces', namespace: '', name: namespace });

export const revision = (began: number): Revision => ({
  workload: 'deployments/rest-web/web',
  uid: 'u',
  restartedAt: timestamp(at(began)),
});
