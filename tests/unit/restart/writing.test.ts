import assert from 'node:assert/strict';
import { ApiError, statusError } from '../../../src/cluster/apiError.ts';
import { Journal } from '../../../src/journal/journal.ts';
import { ANNOTATION } from '../../../src/names.ts';
import type { Outdated } from '../../../src/plan/assessed.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { assessed, complete, NOW, pod, workload } from '../../builders/workload.ts';
import { restarterOver } from './restarterOver.ts';

const WEB = workload({ uid: 'web', rollout: complete(1) });
const POD = pod(WEB);
const CALL = { method: 'PATCH', path: '/apis/apps/v1/namespaces/shop/deployments/web' };
const denied = (code: number): ApiError => statusError(CALL, { code, message: 'only restartedAt may change' });
const journalOf = (): Journal =>
  new Journal({ store: new FakeStore(), now: () => NOW, wall: () => NOW, onError: assert.ifError });

const carriesRecord = (patch: object): boolean => JSON.stringify(patch).includes(ANNOTATION.restartedFor);

/** Tries so many times to restart a workload of whose patches these are refused. */
async function tries(count: number, refuses: (patch: object) => boolean, code: number) {
  const told: string[] = [];
  const patches: string[] = [];
  const restarter = restarterOver(
    {
      workload: async () => WEB,
      podsOf: async () => [POD],
      patch: async (_, patch) => {
        patches.push(carriesRecord(patch) ? 'with record' : 'without');
        if (refuses(patch)) throw denied(code);
        return WEB;
      },
    },
    journalOf(),
    { recordRefused: (_, why) => void told.push(why) },
  );
  const one = assessed({ uid: 'web', rollout: complete(1) }) as Outdated;
  for (let i = 0; i < count; i++) await restarter.restart(one).catch(() => undefined);
  return { patches, told };
}

for (const code of [400, 403, 422]) {
  test(`a write that is refused with ${code} in every form is no refusal of the record`, async () => {
    const { patches, told } = await tries(3, () => true, code);
    assert.deepEqual([patches, told], [['with record', 'without', 'with record'], []]);
  });
}

test('a write that is not refused but put off says nothing of the record', async () => {
  const { patches, told } = await tries(3, () => true, 429);
  assert.deepEqual([patches, told], [['with record', 'with record', 'with record'], []]);
});

test('a record that alone is refused is told with the restart that is made without it', async () => {
  const { patches, told } = await tries(2, carriesRecord, 422);
  assert.deepEqual(patches.slice(0, 2), ['with record', 'without']);
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /only restartedAt may change/);
});

test('an answer of 200 that cannot be read may follow a write: the restart stays in the journal', async () => {
  const journal = journalOf();
  let patched = 0;
  const restarter = restarterOver(
    {
      // by then the write is seen to have been done, and the workload is gone
      workload: async () => (patched > 0 ? undefined : WEB),
      podsOf: async () => [POD],
      patch: async () => {
        patched += 1;
        assert.equal(journal.get(WEB)?.confirmed, false);
        throw new ApiError({ ...CALL, status: 200, reason: 'Malformed', message: 'the answer is not JSON' });
      },
    },
    journal,
  );
  // what is certain not to be done is thrown; this is followed
  assert.equal(await restarter.restart(assessed({ uid: 'web', rollout: complete(1) }) as Outdated), undefined);
  assert.equal(patched, 1);
});
