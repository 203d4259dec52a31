import assert from 'node:assert/strict';
import { networkError, statusError } from '../../../src/cluster/apiError.ts';
import { fixedInjection } from '../../../src/expect/epoch.ts';
import type { Mesh, NotReady } from '../../../src/expect/mesh.ts';
import { ISTIO } from '../../../src/expect/sources/istio.ts';
import { NotLeading } from '../../../src/leader/leadership.ts';
import { NO_NAMESPACE, type OtherSidecars, type WorkloadKey } from '../../../src/model.ts';
import { ANNOTATION, RESTART_ANNOTATION, RETRY, WINDOW_ANNOTATION } from '../../../src/names.ts';
import { type Outdated, ofSource } from '../../../src/plan/assessed.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { nextEntry } from '../../../src/plan/nextEntry.ts';
import { recordOf, restartPatch, sourceIn, targetsOf } from '../../../src/plan/record.ts';
import { reason } from '../../../src/reasons.ts';
import { byTemplateAnnotation } from '../../../src/restart/byTemplateAnnotation.ts';
import { restarted } from '../../builders/journal.ts';
import { vault } from '../../builders/sidecars.ts';
import { complete, HOUR, injection, MINUTE, NO_SIDECAR, NOW, sidecar, workload } from '../../builders/workload.ts';
import { MESH, type Patch, RestarterBench, restartIn } from './restarterBench.ts';

const KEY: WorkloadKey = 'Deployment/shop/web';
const CALL = { method: 'PATCH', path: 'web' };
const refused = (code: number): Error => statusError(CALL, { code, message: 'denied by policy' });
const broken = (code: string): Error => networkError(CALL, 'https://api', Object.assign(new Error(code), { code }));

let bench: RestarterBench;
beforeEach(() => {
  bench = new RestarterBench();
});

/** Once: the next patch that makes a rollout meets this. */
function once(meet: (patch: Patch) => void, when: 'arriving' | 'done' = 'arriving'): void {
  bench[when] = (patch: Patch) => {
    if (!patch.spec) return;
    bench[when] = () => undefined;
    meet(patch);
  };
}
/** As its people do it with a Deployment, where that makes another generation; the controller has seen it. */
function annotate(): void {
  const { generation, rollout } = bench.object();
  const next = generation + 1;
  bench.change({ generation: next, annotations: { theirs: 'yes' }, rollout: { ...rollout, observedGeneration: next } });
}
const fail = (error: Error) => (): never => {
  throw error;
};

describe('a restart', () => {
  it('is in the journal before it is written, and ends there and on the workload', async () => {
    once(() => bench.told.push(`journalled: ${bench.store.restarts[KEY]?.unconfirmed}`));
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual(bench.told, ['journalled: true', 'restarted', 'verified']);
    assert.equal(bench.rollouts, 1);
    assert.equal(recordOf(bench.object())?.outcome, 'verified');
    assert.equal(bench.store.restarts[KEY]?.outcome, 'verified');
  });

  it('lists the pods before its write and at its end, and tells the version with the record that it leaves', async () => {
    const planned = await bench.planned();
    bench.lists = 0;
    const observed = await bench.restarter.restart(planned);
    assert.equal(bench.lists, 2);
    assert.deepEqual(observed?.workload, bench.object());
    assert.equal(recordOf(bench.object())?.outcome, 'verified');
  });

  it('looks again at its end where someone has written in between', async () => {
    const planned = await bench.planned();
    bench.arriving = ({ spec }) => {
      if (spec) return;
      bench.arriving = () => undefined;
      annotate();
    };
    bench.lists = 0;
    const observed = await bench.restarter.restart(planned);
    assert.equal(observed?.workload.annotations.theirs, 'yes');
    assert.equal(bench.lists, 3);
  });

  it('is left to the next term where this one ends during the look that shows its end', async () => {
    bench.reading = () => {
      const { generation, rollout } = bench.object();
      if (bench.rollouts > 0 && rollout.observedGeneration === generation) bench.stop.abort();
    };
    assert.equal(await bench.restart(), 'in flight');
    assert.deepEqual(bench.told, ['restarted']);
  });

  it('is read less often while its rollout stands still, and its end is seen within a tenth of the time', async () => {
    let reads = 0;
    bench.reading = () => void reads++;
    const ready = 5 * MINUTE;
    bench.ticked = () => {
      const { generation } = bench.object();
      const counts = bench.elapsed < ready ? { ready: 2, available: 2 } : {};
      if (bench.rollouts > 0) bench.change({ rollout: { ...complete(3), ...counts, observedGeneration: generation } });
    };
    assert.equal(await bench.restart(), 'verified');
    assert.ok(bench.elapsed >= ready && bench.elapsed < ready * 1.1, `its end is seen after ${bench.elapsed / 1000} s`);
    assert.ok(reads < 120, `${reads} reads`);
  });

  it('counts towards the pace and its time limit from its write, however long the last question took', async () => {
    const planned = await bench.planned();
    bench.asking = () => {
      bench.elapsed += 20_000;
    };
    await bench.restarter.restart(planned);
    assert.equal(bench.journal.get(bench.object())?.since, NOW + 20_000);
  });

  it('… and is not made where that took too long', async () => {
    const planned = await bench.planned();
    bench.asking = () => {
      bench.elapsed += 31_000;
    };
    await assert.rejects(bench.restarter.restart(planned), /PlanOvertaken: .* are too old/);
    assert.deepEqual([bench.rollouts, bench.known()], [0, 'nothing']);
  });

  it('is not written where it cannot be journalled', async () => {
    bench.store.failing = new Error('no room');
    assert.equal(await bench.restart(), 'Error: no room');
    assert.deepEqual([bench.patches, bench.known()], [[], 'nothing']);
  });

  /** What happens to the workload between the plan and the last look. */
  const changes: [string, () => void][] = [
    ['another template', () => bench.template({ theirs: 'yes' })],
    ['another UID', () => bench.change({ uid: 'made again' })],
    ['a person’s word that the plan does not know', () => bench.change({ annotations: { [RETRY]: '1' } })],
  ];
  for (const [what, change] of changes)
    it(`is not made where the fresh look finds ${what}`, async () => {
      const planned = await bench.planned();
      change();
      await assert.rejects(bench.restarter.restart(planned), { name: 'PlanOvertaken' });
      assert.deepEqual([bench.patches, bench.known()], [[], 'nothing']);
    });

  it('is made where the fresh look finds another generation of the same template, as annotations of a Deployment make', async () => {
    const planned = await bench.planned();
    annotate();
    await bench.restarter.restart(planned);
    assert.deepEqual([bench.known(), bench.rollouts, bench.object().generation], ['verified', 1, 3]);
    assert.equal(bench.journal.get(bench.object())?.generation, 2);
  });

  it('is planned anew where there is another generation at every look', async () => {
    const planned = await bench.planned();
    bench.reading = annotate;
    await assert.rejects(bench.restarter.restart(planned), { name: 'PlanOvertaken' });
    assert.deepEqual([bench.patches, bench.known()], [[], 'nothing']);
  });

  const certain: [string, Error, RegExp][] = [
    ['the fence is closed', new NotLeading('not sent'), /^NotLeading: not sent/],
    ['no connection was made', broken('ECONNREFUSED'), /^ApiError/],
    ['there are too many requests', refused(429), /^ApiError/],
  ];
  for (const [what, error, told] of certain)
    it(`was not made where ${what}: the journal knows again what it knew before`, async () => {
      bench.journal.adopt(new Map([[KEY, restarted(HOUR, 'verified')]]));
      once(fail(error));
      assert.match(await bench.restart(), told);
      assert.deepEqual([bench.known(), bench.object().generation], ['verified', 1]);
      assert.equal(bench.store.restarts[KEY]?.outcome, 'verified');
      assert.equal(await bench.restart(), 'verified');
      assert.equal(bench.object().generation, 2);
    });
});

it('a restart in a namespace whose deletion has begun since the plan backs off, because the plan stays as it is for a while', async () => {
  const planned = await bench.planned();
  const [[name, facts] = ['shop', NO_NAMESPACE]] = MESH.namespaces;
  bench.mesh = { ...MESH, namespaces: new Map([[name, { ...facts, deleting: true }]]) };
  await assert.rejects(bench.restarter.restart(planned), /PlanOvertaken: the deletion of its namespace has begun/);
  assert.deepEqual([bench.rollouts, bench.known()], [0, 'nothing']);
});

it('a restart is planned anew where the mesh changes while the injector is asked again, although it answers the same', async () => {
  const planned = await bench.planned();
  bench.asking = () => {
    bench.mesh = { ...MESH, injections: [injection({ epoch: 'next' })] };
  };
  await assert.rejects(bench.restarter.restart(planned), /PlanOvertaken: the mesh has just changed/);
  assert.deepEqual([bench.rollouts, bench.known()], [0, 'nothing']);
});

describe('an episode whose restart was given up', () => {
  beforeEach(() => bench.journal.adopt(new Map([[KEY, restarted(HOUR, 'failed:timeout')]])));

  it('is closed where its pods have become right and ready', async () => {
    bench.current.add('web');
    await bench.restarter.close(bench.object());
    assert.deepEqual([bench.known(), recordOf(bench.object())?.outcome], ['verified', 'verified']);
  });

  const others: [string, () => void][] = [
    ['wrong by now', () => bench.current.clear()],
    ['not ready by now', () => bench.change({ rollout: { ...complete(3), available: 2 } })],
  ];
  for (const [what, change] of others)
    it(`stays open where they are ${what}`, async () => {
      bench.current.add('web');
      change();
      await assert.rejects(bench.restarter.close(bench.object()), { name: 'PlanOvertaken' });
      assert.deepEqual([bench.known(), bench.patches], ['failed:timeout', []]);
    });
});

describe('a restart that meets a conflict', () => {
  it('is written for the new version where only metadata or status was written, however often within reason', async () => {
    let writes = 3;
    bench.arriving = ({ spec }) => {
      if (spec && writes-- > 0) bench.change({ annotations: { touched: String(writes) } });
    };
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual([bench.rollouts, bench.object().generation], [4, 2]);
  });

  it('is journalled and written for another generation of the same template, after another fresh answer', async () => {
    once(() => annotate());
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual([bench.rollouts, bench.object().generation], [2, 3]);
    assert.equal(bench.journal.get(bench.object())?.generation, 2);
  });

  it('is not made where the workload cannot be read then, which is no word of admission about the record', async () => {
    once(() => {
      bench.change({});
      bench.reading = fail(refused(403));
    });
    assert.match(await bench.restart(), /^ApiError: .*403/);
    bench.reading = () => undefined;
    assert.equal(await bench.restart(), 'verified');
    assert.equal(recordOf(bench.object())?.outcome, 'verified');
  });

  it('is planned anew where somebody writes faster than it can', async () => {
    bench.arriving = ({ spec }) => spec && bench.change({});
    assert.match(await bench.restart(), /^PlanOvertaken: another client/);
    assert.deepEqual([bench.known(), bench.object().generation], ['nothing', 1]);
  });

  /** What the write that came first has changed. */
  const changes: [string, () => void, RegExp][] = [
    ['the template', () => bench.template({ theirs: 'yes' }), /^PlanOvertaken: the workload has just changed/],
    ['the UID', () => bench.change({ uid: 'made again' }), /^PlanOvertaken: the workload has just changed/],
    ['that it is deleted', () => bench.change({ deleting: true }), /^nothing/],
    [
      'that its people opt out',
      () => bench.change({ annotations: { [RESTART_ANNOTATION]: 'false' } }),
      /opted|restart/,
    ],
    [
      'that it may be restarted at other times only',
      () => bench.change({ annotations: { [WINDOW_ANNOTATION]: 'daily 10:00-12:00 UTC' } }),
      /^PlanOvertaken: outside meltemi.dev\/window on the workload/,
    ],
    ['that its rollout is paused', () => bench.change({ paused: true }), /paused/],
  ];
  for (const [what, change, told] of changes)
    it(`is not written where the other write says ${what}`, async () => {
      once(change);
      assert.match(await bench.restart(), told);
      assert.deepEqual([bench.patches.length, bench.known()], [1, 'nothing']);
    });
});

describe('a restart whose answer is lost', () => {
  for (const error of [broken('ECONNRESET'), broken('UND_ERR_SOCKET'), refused(500), refused(504)])
    it(`is followed: it was written (${error.message})`, async () => {
      once(fail(error), 'done');
      assert.equal(await bench.restart(), 'verified');
      assert.equal(bench.rollouts, 1);
    });

  it('… and is known to be written as soon as that is seen', async () => {
    once(fail(broken('ECONNRESET')), 'done');
    const known: (boolean | undefined)[] = [];
    bench.ticked = () => {
      known.push(bench.journal.get(bench.object())?.confirmed);
      bench.change({ rollout: { ...bench.object().rollout, updated: bench.elapsed < 5000 ? 2 : 3 } });
    };
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual(new Set(known), new Set([true]));
  });

  it('makes no second write where the record is wiped meanwhile', async () => {
    once(() => {
      bench.change({ annotations: {} });
      throw broken('ECONNRESET');
    }, 'done');
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual([bench.rollouts, bench.object().generation], [1, 2]);
  });

  it('… nor where the template is put back as well, which counts as taken back', async () => {
    once(() => {
      bench.change({ annotations: {} });
      bench.template({});
      bench.change({ rollout: { ...bench.object().rollout, observedGeneration: bench.object().generation } });
      throw broken('ECONNRESET');
    }, 'done');
    assert.equal(await bench.restart(), 'reverted');
    assert.equal(bench.rollouts, 1);
  });

  it('is waited for as long as it may land, and lands', async () => {
    let patch: Patch | undefined;
    once((sent) => {
      patch = sent;
      throw broken('ECONNRESET');
    });
    bench.ticked = () => {
      if (bench.elapsed < MINUTE || !patch) return;
      bench.template({ 'kubectl.kubernetes.io/restartedAt': restartIn(patch) as string });
      patch = undefined;
    };
    assert.equal(await bench.restart(), 'verified');
    assert.equal(bench.rollouts, 1);
  });

  it('… after that it is known that it never was, and it may be made again', async () => {
    bench.journal.adopt(new Map([[KEY, restarted(HOUR, 'verified')]]));
    once(fail(broken('ECONNRESET')));
    assert.equal(await bench.restart(), 'verified', 'what was known before');
    assert.ok(bench.elapsed > MINUTE && bench.elapsed < 2 * MINUTE, `after ${bench.elapsed / 1000} s`);
    assert.deepEqual([bench.object().generation, bench.told], [1, ['trouble: ApiError']]);
    assert.equal(await bench.restart(), 'verified');
    assert.equal(bench.object().generation, 2);
  });
});

describe('a restart that a former process left', () => {
  /** Journalled by a process that has come this far and no further. */
  async function left(isWritten: boolean): Promise<void> {
    const planned = await bench.planned();
    const entry = nextEntry(planned, { wall: NOW, now: NOW });
    await bench.journal.begin(bench.object(), entry);
    if (isWritten) {
      const { metadata, spec } = restartPatch('1', entry, byTemplateAnnotation.begin(entry.restartedAt)) as Patch;
      bench.change({ annotations: metadata.annotations ?? {} });
      bench.template(spec?.template.metadata.annotations ?? {});
    }
    bench.restartProcess();
  }

  it('between intent and write: nothing is written for a while, then it is tried again', async () => {
    await left(false);
    assert.equal(bench.known(), 'in flight', 'it holds its slot');
    assert.equal(await bench.follow(), 'nothing');
    assert.ok(bench.elapsed > MINUTE, `after ${bench.elapsed / 1000} s`);
    assert.deepEqual([bench.patches, bench.store.restarts], [[], {}]);
    assert.equal(await bench.restart(), 'verified');
    assert.equal(bench.rollouts, 1);
  });

  it('between write and confirmation: it is followed to its end', async () => {
    await left(true);
    assert.equal(await bench.follow(), 'verified');
    assert.equal(bench.rollouts, 0);
  });

  it('… also where its record is stripped', async () => {
    await left(true);
    bench.change({ annotations: {} });
    assert.equal(await bench.follow(), 'verified');
    assert.equal(bench.rollouts, 0);
  });

  it('… and where its template was put back before anybody looked, that counts as taken back', async () => {
    await left(true);
    bench.template({});
    bench.change({ rollout: { ...bench.object().rollout, observedGeneration: bench.object().generation } });
    assert.equal(await bench.follow(), 'reverted');
    assert.equal(bench.rollouts, 0);
  });

  it('long ago, whose pods are outdated by now: that says nothing of what it brought', async () => {
    await left(true);
    bench.elapsed = HOUR;
    bench.change({ rollout: { ...bench.object().rollout, observedGeneration: bench.object().generation } });
    assert.equal(await bench.follow(), 'failed:unverified');
    assert.equal(bench.rollouts, 0);
  });

  it('of a workload that was made again is forgotten, and nothing is said of the new one', async () => {
    await left(true);
    bench.change({ uid: 'made again' });
    assert.equal(await bench.follow(), 'nothing');
    assert.deepEqual([bench.patches, bench.told, bench.store.restarts], [[], [], {}]);
  });

  it('that has ended meanwhile is followed no more', async () => {
    await left(true);
    bench.journal.end(bench.object(), 'failed:timeout');
    assert.equal(await bench.follow(), 'failed:timeout');
    assert.deepEqual([bench.patches, bench.told], [[], []]);
  });
});

describe('a restart that is followed', () => {
  const ends: [string, () => void][] = [
    ['is deleted', () => bench.objects.clear()],
    ['is going to be deleted', () => bench.change({ deleting: true })],
    ['is made again', () => bench.change({ uid: 'made again' })],
  ];
  for (const [what, change] of ends)
    it(`is forgotten when its workload ${what}`, async () => {
      once(change, 'done');
      assert.equal(await bench.restart(), 'nothing');
      assert.equal(bench.rollouts, 1);
      assert.deepEqual(bench.store.restarts, {});
    });

  it('fails as soon as a new pod is Ready without a sidecar, while its rollout goes on', async () => {
    once(() => {
      bench.ticked = () => {
        const { generation } = bench.object();
        bench.change({ rollout: { ...complete(3), updated: 1, observedGeneration: generation } });
      };
      bench.newPods = { createdAt: NOW + MINUTE, sidecar: NO_SIDECAR };
    }, 'done');
    assert.equal(await bench.restart(), 'failed:no-sidecar');
    assert.ok(bench.elapsed < MINUTE, `after ${bench.elapsed / 1000} s`);
  });

  it('is forgotten when its namespace is gone, and the right to read in it with that', async () => {
    once(() => {
      bench.reading = fail(refused(403));
      bench.mesh = { ...MESH, namespaces: new Map() };
    }, 'done');
    assert.equal(await bench.restart(), 'nothing');
    assert.ok(bench.elapsed < MINUTE);
    assert.deepEqual(bench.told, ['restarted']);
  });

  it('fails when its workload cannot be read any more, and that is reported as any failure', async () => {
    once(() => {
      bench.reading = fail(refused(403));
    }, 'done');
    assert.equal(await bench.restart(), 'failed:unverified');
    assert.deepEqual(bench.told, ['restarted', 'trouble: ApiError', 'web uid: failed:unverified']);
  });

  it('is not lost to a single failed read while an unreachable injector still excuses that it is late', async () => {
    const createFailure = 'failed calling webhook "namespace.sidecar-injector.istio.io"';
    once(() => {
      bench.ticked = () => {
        const { rollout, generation } = bench.object();
        const { createFailure: _, ...complete } = rollout;
        const isAway = bench.elapsed < 69 * MINUTE;
        const isStuck = bench.elapsed < 80 * MINUTE;
        const available = isStuck ? 2 : 3;
        bench.change({
          rollout: { ...complete, ...(isAway && { createFailure }), available, observedGeneration: generation },
        });
      };
      let isBroken = true;
      bench.reading = () => {
        if (bench.elapsed < 75 * MINUTE || !isBroken) return;
        isBroken = false;
        throw refused(500);
      };
    }, 'done');
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual(bench.told, ['restarted', 'trouble: ApiError', 'verified']);
  });

  it('is not late while its injector cannot be reached, which only a question shows', async () => {
    const { answer } = bench;
    once(() => {
      bench.ticked = () => {
        const isAway = bench.elapsed > 9 * MINUTE && bench.elapsed < 12 * MINUTE;
        bench.answer = isAway ? { kind: 'unknown', reason: reason('injector-unreachable', 'refused') } : answer;
        const available = bench.elapsed < 15 * MINUTE ? 2 : 3;
        bench.change({ rollout: { ...complete(3), available, observedGeneration: bench.object().generation } });
      };
    }, 'done');
    assert.equal(await bench.restart(), 'verified');
  });

  it('… nor while the controller of a StatefulSet has not tried again since, which its status does not say', async () => {
    bench = new RestarterBench(workload({ kind: 'StatefulSet' }));
    const { answer } = bench;
    once(() => {
      bench.ticked = () => {
        const isAway = bench.elapsed > 5 * MINUTE && bench.elapsed < 9 * MINUTE;
        bench.answer = isAway ? { kind: 'unknown', reason: reason('injector-unreachable', 'refused') } : answer;
        const existing = bench.elapsed < 15 * MINUTE ? 2 : 3;
        const { generation } = bench.object();
        bench.change({ rollout: { ...complete(existing), desired: 3, observedGeneration: generation } });
      };
    }, 'done');
    await bench.restarter.restart(await bench.planned());
    assert.equal(bench.known(), 'verified');
  });

  it('ends although its outcome cannot be written on the workload', async () => {
    bench.arriving = ({ spec }) => {
      if (!spec) throw refused(403);
    };
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual([bench.told, bench.store.restarts[KEY]?.outcome], [['restarted', 'verified'], 'verified']);
  });
});

describe('a restart for two sidecars', () => {
  /** The policy wants this image of the second one. */
  const meshWanting = (image: string, notReady?: readonly NotReady[]): Mesh => {
    const source = vault(image);
    const injections = [injection(), fixedInjection(source, source.fixed, notReady)];
    return { ...MESH, sources: [ISTIO, source], injections };
  };
  const carrying = (image: string): OtherSidecars => ({ 'vault-agent': sidecar({ image }) });
  const ends = (): Record<string, string | undefined> =>
    Object.fromEntries(
      targetsOf(bench.journal.get(bench.object()) as JournalEntry).map(({ restartedFor, outcome }) => [
        sourceIn(restartedFor) ?? 'istio',
        outcome,
      ]),
    );
  async function planned(): Promise<[Outdated, Outdated[]]> {
    const one = await bench.planned();
    return [one, [ofSource(one, 'vault') as Outdated]];
  }
  beforeEach(() => {
    bench.mesh = meshWanting('vault:2');
    bench.others = { before: carrying('vault:1'), after: carrying('vault:2') };
  });

  it('is one write, and ends for both', async () => {
    await bench.restarter.restart(...(await planned()));
    assert.deepEqual([bench.rollouts, ends()], [1, { istio: 'verified', vault: 'verified' }]);
  });

  it('ends for each as its new pods are', async () => {
    bench.others = { before: carrying('vault:1'), after: carrying('vault:1') };
    await bench.restarter.restart(...(await planned()));
    assert.deepEqual([bench.rollouts, ends()], [1, { istio: 'verified', vault: 'failed:wrong-image' }]);
    assert.deepEqual(bench.told, ['restarted', 'failed:wrong-image'], 'what is told is the failure');
  });

  it('learns nothing from a digest in the place of an image that the policy wants', async () => {
    const digest = `vault@sha256:${'1'.repeat(64)}`;
    bench.others = { before: carrying('vault:1'), after: carrying(digest) };
    await bench.restarter.restart(...(await planned()));
    assert.deepEqual(ends(), { istio: 'verified', vault: 'failed:wrong-image' });
  });

  it('is not made where the second should be another one by now', async () => {
    const both = await planned();
    bench.mesh = meshWanting('vault:3');
    await assert.rejects(bench.restarter.restart(...both), /the injector has just changed its answer/);
    assert.equal(bench.rollouts, 0);
  });

  it('… or must wait by now', async () => {
    const both = await planned();
    bench.mesh = meshWanting('vault:2', [{ namespace: 'vault', name: 'injector', problem: 'has no replicas' }]);
    await assert.rejects(bench.restarter.restart(...both), /PlanOvertaken: Deployment vault\/injector has no replicas/);
    assert.equal(bench.rollouts, 0);
  });

  it('… or is right by now', async () => {
    const both = await planned();
    bench.others = { before: carrying('vault:2'), after: carrying('vault:2') };
    await assert.rejects(bench.restarter.restart(...both), /the injector has just changed its answer/);
    assert.equal(bench.rollouts, 0);
  });
});

describe('where the cluster takes or refuses the record', () => {
  it('a record that admission strips changes nothing: one write, followed to its end', async () => {
    bench.done = () => bench.change({ annotations: {} });
    assert.equal(await bench.restart(), 'verified');
    assert.deepEqual([bench.rollouts, recordOf(bench.object())], [1, undefined]);
  });

  for (const code of [422, 403, 400])
    it(`a record that is refused by ${code} is left out with the next try, in that namespace`, async () => {
      const other = workload({ namespace: 'bank', name: 'other', uid: 'other' });
      bench = new RestarterBench(workload(), workload({ name: 'second', uid: 'second' }), other);
      bench.arriving = ({ metadata }) => {
        if (metadata.annotations) throw refused(code);
      };
      assert.match(await bench.restart(), /denied by policy/);
      assert.deepEqual([bench.told, bench.known()], [[], 'nothing']);
      assert.equal(await bench.restart(), 'verified');
      assert.deepEqual(Object.keys(bench.patches[1]?.metadata ?? {}), ['resourceVersion']);
      assert.equal(bench.object().annotations[ANNOTATION.restartedAt], undefined);
      assert.equal(await bench.restart('second'), 'verified', 'known of the whole namespace');
      const told = ['web', 'second'].flatMap((name) => [`record of ${name} refused`, 'restarted', 'verified']);
      assert.deepEqual(bench.told, told);
      assert.match(await bench.restart('other'), /denied by policy/, 'not known of another one');
    });

  it('a bare restart that is refused, too, is not made', async () => {
    bench.arriving = fail(refused(422));
    assert.match(await bench.restart(), /denied by policy/);
    assert.match(await bench.restart(), /denied by policy/);
    assert.deepEqual([bench.object().generation, bench.known()], [1, 'nothing']);
    assert.deepEqual(bench.told, [], 'it was not about the record');
  });
});
