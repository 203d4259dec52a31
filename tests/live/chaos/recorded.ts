import { RESTARTED_AT } from '../../../src/names.ts';
import type { ApiObject } from '../../testbed/api.ts';
import { pathOf } from '../../testbed/paths.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import type { Arena } from './arena.ts';
import { INCLUDED, NAMESPACES, OPTED_OUT } from './chaosFleet.ts';
import { arrival, type History, type Revision, type UserWrite } from './history.ts';

const ADMIN = 'testbed:admin';

interface Template {
  readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
}

interface Revisioned extends ApiObject {
  readonly metadata: ApiObject['metadata'] & {
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly uid: string }[];
  };
  /** Of a ReplicaSet. */
  readonly spec?: { readonly template?: Template };
  /** Of a ControllerRevision. */
  readonly data?: { readonly spec?: { readonly template?: Template } };
}

/** What the API server and the cluster tell of a run, after its end. */
export async function recorded({ bed, policy, replicas }: Arena): Promise<History> {
  const operators = replicas.map(({ user }) => user);
  const all = await Promise.all(
    [...operators, ADMIN].map(
      async (user): Promise<UserWrite[]> => (await bed.audit.writes(user)).map((write) => ({ ...write, user })),
    ),
  );
  return {
    writes: all.flat().sort((a, b) => arrival(a) - arrival(b)),
    operators,
    policies: policy.marks,
    optedOut: OPTED_OUT.filter((name) => NAMESPACES.includes(name)),
    revisions: (await Promise.all(INCLUDED.map((namespace) => revisionsOf(bed, namespace)))).flat(),
  };
}

/** The templates that the workloads of a namespace have had, as far as their controllers keep them. */
async function revisionsOf(bed: Testbed, namespace: string): Promise<Revision[]> {
  const kept = await Promise.all(
    (['ReplicaSet', 'ControllerRevision'] as const).map((kind) => bed.api.list<Revisioned>(pathOf(kind, namespace))),
  );
  return kept.flat().flatMap(({ metadata, spec, data }) => {
    const [owner] = metadata.ownerReferences ?? [];
    const restartedAt = (spec ?? data?.spec)?.template?.metadata?.annotations?.[RESTARTED_AT];
    if (!owner || restartedAt === undefined) return [];
    return [{ workload: `${owner.kind.toLowerCase()}s/${namespace}/${owner.name}`, uid: owner.uid, restartedAt }];
  });
}
