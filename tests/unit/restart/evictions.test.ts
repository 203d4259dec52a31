import assert from 'node:assert/strict';
import { statusError } from '../../../src/cluster/apiError.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import { fixedInjection } from '../../../src/expect/epoch.ts';
import { ISTIO } from '../../../src/expect/sources/istio.ts';
import type { OtherSidecars, Sidecar } from '../../../src/model.ts';
import { RESTART_ANNOTATION, WINDOW_ANNOTATION } from '../../../src/names.ts';
import { policy } from '../../builders/policy.ts';
import { vault } from '../../builders/sidecars.ts';
import { complete, entry, expected, injection, MINUTE, NO_SIDECAR, NOW, sidecar } from '../../builders/workload.ts';
import { EvictionBench } from './evictionBench.ts';

const status = (code: number, message = '') =>
  statusError({ method: 'POST', path: '/eviction' }, { code, message, details: { retryAfterSeconds: 10 } });

const SIDECAR: Answer = { kind: 'sidecar', sidecar: expected() };
const UNREACHABLE: Answer = {
  kind: 'unknown',
  reason: { code: 'injector-unreachable', detail: 'connection refused' },
};

const DAY = 24 * 60 * 60_000;

/** New pods take 35 minutes to become Ready, so that three of them take longer than an hour and the time limit. */
const slowly = (act: (bench: EvictionBench) => void) => (bench: EvictionBench) => {
  bench.policy = policy({ restartTimeout: 40 * MINUTE });
  bench.isReady = false;
  let [evicted, since] = [0, 0];
  bench.ticked = () => {
    if (bench.evicted.length > evicted) [evicted, since] = [bench.evicted.length, bench.elapsed];
    bench.isReady = bench.elapsed > since + 35 * MINUTE;
    act(bench);
  };
};

interface Row {
  readonly begin?: (bench: EvictionBench) => void;
  readonly is: string;
  /** How many pods are evicted. */
  readonly evicted: number;
  /** How often that is tried, where it is more. */
  readonly tries?: number;
}

const later = (seconds: number, act: (bench: EvictionBench) => void) => (bench: EvictionBench) => {
  bench.ticked = () => {
    if (bench.elapsed === seconds * 1000) act(bench);
  };
};

const refusedFor = (seconds: number) => (bench: EvictionBench) => {
  bench.arriving = () => {
    if (bench.elapsed < seconds * 1000) throw status(429, 'Cannot evict pod as it would violate the budget');
  };
};

const answered = (code: number) => (bench: EvictionBench) => {
  bench.arriving = () => {
    throw status(code, 'admission webhook "guard.example.com" denied the request');
  };
};

const onRead = (read: number, act: (bench: EvictionBench) => void) => (bench: EvictionBench) => {
  let reads = 0;
  bench.reading = () => {
    reads += 1;
    if (reads === read) act(bench);
  };
};

/** The first question is asked before the write, and one before each eviction. */
const onQuestion = (question: number, act: (bench: EvictionBench) => void) => (bench: EvictionBench) => {
  let questions = 0;
  bench.asking = () => {
    questions += 1;
    if (questions === question) act(bench);
  };
};

const annotating = (bench: EvictionBench): void => {
  bench.policy = policy({ restartTimeout: 60_000, onDelete: 'annotate' });
};

const evicting = (bench: EvictionBench): void => {
  bench.policy = policy({ restartTimeout: 60_000, onDelete: 'evict' });
};

/** The policy wants vault:2, which the pods lack, and new pods get this image. */
const withVault = (image: string) => (bench: EvictionBench) => {
  const source = vault('vault:2');
  bench.mesh = { sources: [ISTIO, source], injections: [injection(), fixedInjection(source, source.fixed)] };
  const carrying = (one: string): OtherSidecars => ({ [source.container]: sidecar({ image: one }) });
  bench.pods = bench.pods.map((one) => ({ ...one, others: carrying('vault:1') }));
  bench.others = carrying(image);
};

const ANOTHER_WAY = 'the policy or the workload now asks for another way to restart it';

const rows: [string, Row][] = [
  ['each pod is evicted once and the restart is verified', { is: 'verified', evicted: 3 }],
  [
    'a first new pod with a digest that all replicas of istiod agree on is a rewriting, and the others follow',
    {
      begin: (bench) => {
        bench.next = sidecar({ image: `docker.io/istio/proxyv2@sha256:${'1'.repeat(64)}` });
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    'a first new pod of another version ends it, and no other pod is evicted',
    {
      begin: (bench) => {
        bench.next = sidecar({ image: 'docker.io/istio/proxyv2:1.29.0' });
      },
      is: 'failed:wrong-image',
      evicted: 1,
    },
  ],
  [
    'a first new pod of another revision ends it, and no other pod is evicted',
    {
      begin: (bench) => {
        bench.next = sidecar({ image: expected().image, revision: 'canary' });
      },
      is: 'failed:wrong-revision',
      evicted: 1,
    },
  ],
  [
    'a first new pod without a sidecar ends it',
    {
      begin: (bench) => {
        bench.next = NO_SIDECAR;
      },
      is: 'failed:no-sidecar',
      evicted: 1,
    },
  ],
  ['pods that lack two sidecars are each evicted once', { begin: withVault('vault:2'), is: 'verified', evicted: 3 }],
  [
    'a first new pod with only one of them ends it, and proves nothing about that one',
    { begin: withVault('vault:1'), is: 'interrupted', evicted: 1 },
  ],
  [
    'a new pod that never becomes Ready is a failure after the time limit',
    {
      begin: (bench) => {
        bench.isReady = false;
      },
      is: 'failed:timeout',
      evicted: 1,
    },
  ],
  [
    'an old pod that is current and does not become Ready interrupts it at the time limit, which is no failure',
    {
      begin: later(1, (bench) => {
        bench.isReady = false;
        bench.pods = bench.pods.map((one) =>
          one.name === 'db-0' ? { ...one, sidecar: sidecar({ image: expected().image }), ready: false } : one,
        );
        bench.change({ rollout: { ...bench.workload.rollout, ready: 2, available: 2 } });
      }),
      is: 'interrupted',
      evicted: 0,
    },
  ],
  ['a budget that refuses for a while is asked again', { begin: refusedFor(25), is: 'verified', evicted: 3, tries: 6 }],
  [
    'a budget that refuses until the time limit interrupts it, which is no failure',
    { begin: refusedFor(100_000), is: 'interrupted', evicted: 0, tries: 6 },
  ],
  [
    'a right that is missing ends it at once',
    {
      begin: (bench) => {
        bench.arriving = () => {
          throw status(403, 'pods/eviction is forbidden');
        };
      },
      is: 'refused',
      evicted: 0,
      tries: 1,
    },
  ],
  [
    'a pod that is gone by itself is not evicted',
    {
      begin: (bench) => {
        bench.arriving = ({ name, uid }) => {
          if (name !== 'db-2') return;
          bench.pods = bench.pods.filter((one) => one.uid !== uid);
          throw status(404);
        };
      },
      is: 'verified',
      evicted: 2,
      tries: 3,
    },
  ],
  [
    'a pod whose name another one has now is not evicted',
    {
      begin: (bench) => {
        bench.arriving = ({ name, uid }) => {
          if (name !== 'db-2') return;
          bench.pods = bench.pods.filter((one) => one.uid !== uid);
          throw status(409);
        };
      },
      is: 'verified',
      evicted: 2,
      tries: 3,
    },
  ],
  [
    'a conflict that never ends interrupts it at the time limit',
    { begin: answered(409), is: 'interrupted', evicted: 0, tries: 12 },
  ],
  [
    'an API server that cannot evict interrupts it at the time limit',
    { begin: answered(500), is: 'interrupted', evicted: 0, tries: 6 },
  ],
  [
    'an admission that rejects evictions ends it at once',
    { begin: answered(422), is: 'refused', evicted: 0, tries: 1 },
  ],
  [
    'an eviction whose answer is lost is not repeated',
    {
      begin: (bench) => {
        bench.done = () => {
          throw status(504);
        };
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    'another expected sidecar in the middle ends it',
    {
      begin: later(2, (bench) => {
        bench.answer = { kind: 'sidecar', sidecar: expected({ image: 'docker.io/istio/proxyv2:1.32.0' }) };
      }),
      is: 'superseded:expectation',
      evicted: 1,
    },
  ],
  [
    'another answer right before an eviction evicts nothing',
    {
      begin: onQuestion(2, (bench) => {
        bench.answer = { kind: 'sidecar', sidecar: expected({ image: 'docker.io/istio/proxyv2:1.30.9' }) };
      }),
      is: 'superseded:expectation',
      evicted: 0,
    },
  ],
  [
    'pods that are no longer outdated right before an eviction are not evicted',
    {
      begin: onQuestion(2, (bench) => {
        bench.policy = policy({ restartTimeout: 60_000, restartOn: new Set(['missing']) });
      }),
      is: 'verified',
      evicted: 0,
    },
  ],
  [
    'another template in the middle interrupts it',
    {
      begin: later(2, (bench) => bench.change({ rollout: { ...bench.workload.rollout, updated: 0 } })),
      is: 'interrupted',
      evicted: 1,
    },
  ],
  [
    'an opt-out in the middle interrupts it at the time limit',
    {
      begin: later(2, (bench) => bench.change({ annotations: { [RESTART_ANNOTATION]: 'false' } })),
      is: 'interrupted',
      evicted: 1,
    },
  ],
  [
    'a freeze that begins in the middle, and an annotation that says another time, hold none of its pods',
    {
      begin: later(2, (bench) => {
        const freezes = [{ name: 'sale', from: NOW, to: NOW + DAY, timeZone: 'UTC' }];
        bench.policy = policy({ restartTimeout: 60_000, freezes });
        bench.change({ annotations: { [WINDOW_ANNOTATION]: 'daily 10:00-12:00 UTC' } });
      }),
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    'a freeze that begins between plan and write stops the restart before anything is written',
    {
      begin: onRead(2, (bench) => {
        const freezes = [{ name: 'sale', from: NOW, to: NOW + DAY, timeZone: 'UTC' }];
        bench.policy = policy({ restartTimeout: 60_000, freezes });
      }),
      is: 'PlanOvertaken: freeze sale until Fri 2026-01-02 00:00 UTC',
      evicted: 0,
    },
  ],
  [
    'a policy that evicts nothing any more interrupts it',
    {
      begin: later(2, (bench) => {
        bench.policy = policy({ restartTimeout: 60_000, onDelete: 'never' });
      }),
      is: 'superseded:expectation',
      evicted: 1,
    },
  ],
  [
    'a policy that leaves its kind out interrupts it at the time limit',
    {
      begin: later(2, (bench) => {
        bench.policy = policy({ restartTimeout: 60_000, kinds: new Set(['Deployment']) });
      }),
      is: 'interrupted',
      evicted: 1,
    },
  ],
  [
    'a policy that no longer evicts, between journal and write, stops the restart before anything is written',
    { begin: onRead(2, annotating), is: `PlanOvertaken: ${ANOTHER_WAY}`, evicted: 0 },
  ],
  [
    'so does a policy that evicts by now, where the restart was journalled as one by annotation',
    {
      begin: (bench) => {
        annotating(bench);
        onRead(2, evicting)(bench);
      },
      is: `PlanOvertaken: ${ANOTHER_WAY}`,
      evicted: 0,
    },
  ],
  [
    'a pod that another StatefulSet of its rollout group loses in the middle interrupts it at the time limit',
    {
      begin: later(2, (bench) => {
        bench.change({ rolloutGroup: { name: 'ingester', paused: false } });
        bench.zones = [{ ...bench.workload, name: 'other', uid: 'other', rollout: { ...complete(3), ready: 2 } }];
      }),
      is: 'interrupted',
      evicted: 1,
    },
  ],
  [
    'a forged time of its last write makes no old pod a new one',
    {
      begin: (bench) => {
        bench.ticked = () => bench.change({ writtenAt: 1000 });
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    '… nor does one that lies shortly before the restart',
    {
      begin: (bench) => {
        bench.ticked = () => bench.change({ writtenAt: NOW - 100_000 });
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    'nor one that lies a little ahead a new pod an old one',
    {
      begin: (bench) => {
        bench.next = NO_SIDECAR;
        bench.ticked = () => bench.change({ writtenAt: NOW + 100_000 });
      },
      is: 'failed:no-sidecar',
      evicted: 1,
    },
  ],
  [
    'a write whose answer is lost is known to have been done, also after its record was wiped',
    {
      begin: (bench) => {
        bench.written = () => {
          bench.written = () => undefined;
          throw status(504);
        };
        later(2, () => bench.change({ annotations: {} }))(bench);
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    '… and is waited for as long as it may land',
    {
      begin: (bench) => {
        bench.writing = (land) => {
          bench.writing = () => undefined;
          bench.ticked = () => {
            if (bench.elapsed < 50_000) return;
            bench.ticked = () => undefined;
            land();
          };
          throw status(504);
        };
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    '… or not to have been done, and then nothing is evicted',
    {
      begin: (bench) => {
        bench.writing = () => {
          throw status(504);
        };
      },
      is: 'nothing',
      evicted: 0,
    },
  ],
  [
    'an injector that cannot be reached in the middle is waited for',
    {
      begin: (bench) => {
        bench.ticked = () => {
          const isDown = bench.elapsed > 0 && bench.elapsed < 600_000;
          bench.answer = isDown ? UNREACHABLE : SIDECAR;
        };
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    '… and so is the pod that was made only long after it was back',
    {
      begin: (bench) => {
        bench.isReady = false;
        bench.ticked = () => {
          const isDown = bench.elapsed > 1000 && bench.elapsed < 600_000;
          bench.answer = isDown ? UNREACHABLE : SIDECAR;
          bench.isReady = bench.elapsed > 900_000;
        };
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    'two injectors that would both inject its pods for a moment are waited for',
    {
      begin: (bench) => {
        bench.ticked = () => {
          const isDouble = bench.elapsed > 1000 && bench.elapsed < 30_000;
          const another = injection({ entry: entry({ configuration: 'another', name: 'another.example.com' }) });
          bench.mesh = isDouble ? { injections: [injection(), another] } : {};
        };
      },
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    'more outdated pods than at first interrupt it at the time limit, because one process evicts no more than those',
    {
      begin: (bench) => {
        const mirrored = expected().image.replace('docker.io/istio', 'mirror.corp/istio');
        bench.pods = bench.pods.map((one) =>
          one.name === 'db-0' ? { ...one, sidecar: sidecar({ image: mirrored }) } : one,
        );
        later(2, () => {
          bench.policy = policy({ restartTimeout: 60_000, compareHub: true });
        })(bench);
      },
      is: 'interrupted',
      evicted: 2,
    },
  ],
  [
    'pods that are outdated and current again by turns do not keep it in its slot',
    {
      begin: (bench) => {
        refusedFor(100_000)(bench);
        bench.ticked = () => {
          const { image } = bench.elapsed % 40_000 < 20_000 ? sidecar() : expected();
          bench.pods = bench.pods.map((one) => (one.name === 'db-0' ? { ...one, sidecar: sidecar({ image }) } : one));
        };
      },
      is: 'interrupted',
      evicted: 0,
      tries: 8,
    },
  ],
  [
    'the deletion of its namespace ends it, and that no pod is left is no failure',
    {
      begin: later(2, (bench) => {
        bench.isNamespaceDeleted = true;
        bench.pods = [];
      }),
      is: 'superseded:expectation',
      evicted: 1,
    },
  ],
  [
    'that all pods are gone for a moment is waited for',
    {
      begin: later(2, (bench) => {
        bench.pods = [];
      }),
      is: 'verified',
      evicted: 1,
    },
  ],
  [
    '… and is a failure where none comes back within the time limit',
    {
      begin: (bench) => {
        bench.ticked = () => {
          if (bench.elapsed >= 2000) bench.pods = [];
        };
      },
      is: 'failed:timeout',
      evicted: 1,
    },
  ],
  [
    'a pod of a DaemonSet whose node is lost meanwhile is not evicted, and the others are done',
    {
      begin: (bench) => {
        bench.change({ kind: 'DaemonSet', maxUnavailable: 2 });
        later(1, () => {
          bench.stranded = 'db-2';
        })(bench);
      },
      is: 'verified',
      evicted: 2,
    },
  ],
  [
    'one that takes hours is not lost because a single read fails',
    {
      begin: slowly((bench) => {
        let isBroken = bench.elapsed > 102 * MINUTE;
        bench.reading = () => {
          if (!isBroken || bench.elapsed > 103 * MINUTE) return;
          isBroken = false;
          throw status(500, 'etcdserver: request timed out');
        };
      }),
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    '… and waits for an injector that cannot be reached as a short one does',
    {
      begin: slowly((bench) => {
        const isDown = bench.elapsed > 101 * MINUTE && bench.elapsed < 130 * MINUTE;
        bench.answer = isDown ? UNREACHABLE : SIDECAR;
      }),
      is: 'verified',
      evicted: 3,
    },
  ],
  [
    'but what can no longer be read for an hour beyond the time limit is lost',
    {
      begin: slowly((bench) => {
        bench.reading = () => {
          if (bench.elapsed > 45 * MINUTE) throw status(403, 'statefulsets is forbidden');
        };
      }),
      is: 'failed:unverified',
      evicted: 2,
    },
  ],
];

for (const [name, row] of rows) {
  test(name, async () => {
    const bench = new EvictionBench();
    row.begin?.(bench);
    assert.equal(await bench.restart(), row.is, bench.told.join('; '));
    assert.equal(bench.evicted.length, row.evicted);
    assert.equal(new Set(bench.evicted).size, bench.evicted.length, 'no pod twice');
    assert.equal(bench.tries.length, row.tries ?? row.evicted);
  });
}

for (const moment of [0, 1, 2, 3, 4, 5]) {
  test(`a crash ${moment} seconds into it evicts no pod twice, and another process ends it`, async () => {
    const bench = new EvictionBench();
    let crashed: Promise<string> | undefined;
    bench.ticked = () => {
      if (bench.elapsed >= moment * 1000) crashed ??= bench.crashAndFollow();
    };
    await bench.restart();
    assert.equal(await crashed, 'verified');
    assert.equal(bench.evicted.length, 3);
    assert.equal(new Set(bench.evicted).size, 3);
  });
}

test('after a crash, a forged time of the last write that is far from the restart tells nothing of any pod', async () => {
  const bench = new EvictionBench();
  let crashed: Promise<string> | undefined;
  bench.ticked = () => {
    bench.change({ writtenAt: 1000 });
    if (bench.evicted.length > 0) crashed ??= bench.crashAndFollow();
  };
  await bench.restart();
  assert.equal(await crashed, 'verified');
  assert.equal(new Set(bench.evicted).size, 3);
});

const times: readonly (readonly [string, number, Sidecar | undefined])[] = [
  ['shortly before the restart makes no old pod a new one', NOW - 100_000, undefined],
  ['a little ahead makes no new pod an old one', NOW + 100_000, sidecar()],
];

for (const [name, writtenAt, next] of times) {
  test(`after a crash, a forged time of the last write ${name}: nothing is evicted, and nothing counts as proven`, async () => {
    const bench = new EvictionBench();
    bench.next = next;
    let crashed: Promise<string> | undefined;
    bench.ticked = () => {
      bench.change({ writtenAt });
      if (bench.evicted.length > 0) crashed ??= bench.crashAndFollow();
    };
    await bench.restart();
    assert.equal(await crashed, 'failed:timeout');
    assert.deepEqual(bench.evicted, ['pod-3']);
  });
}
