import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Api, ApiRequest } from '../../../src/cluster/api.ts';
import { LEASE_TIMING, LeaderElection, type LeaseTiming, newIdentity } from '../../../src/leader/leaderElection.ts';
import type { PauseState } from '../../../src/leader/pauseState.ts';
import { LEASE_ANNOTATION } from '../../../src/names.ts';
import { settled, until } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';
import { ElectionBench, WALL } from './electionBench.ts';

const NOW = '2026-03-01T12:00:00.000000Z';
const LONG_AGO = '1970-01-01T00:00:00.000000Z';
const held = (holderIdentity: string, renewTime = LONG_AGO, leaseDurationSeconds = 15) => ({
  holderIdentity,
  leaseDurationSeconds,
  acquireTime: LONG_AGO,
  renewTime,
  leaseTransitions: 3,
});

describe('leader election: taking the Lease', () => {
  it('makes it where there is none, and leads', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    assert.deepEqual([a.said, a.terms.length, a.passes], [['acquired'], 1, true]);
    const { spec, metadata } = bench.server.lease ?? {};
    assert.deepEqual([metadata?.name, metadata?.namespace], ['meltemi', 'shop']);
    assert.deepEqual(spec, {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: NOW,
      renewTime: NOW,
      leaseTransitions: 0,
    });
  });

  it('takes one that was given back at once, as one transition more', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('') });
    const a = await bench.elector('a');
    assert.equal(a.passes, true);
    assert.deepEqual([bench.server.spec.leaseTransitions, bench.server.spec.acquireTime], [4, NOW]);
  });

  it('takes one without a spec, as it is without election', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: {} });
    assert.equal((await bench.elector('a')).passes, true);
  });

  it('never takes it from a holder that renews, however wrong its wall clock', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('other') });
    const a = await bench.elector('a');
    for (let seconds = 0; seconds < 60; seconds += 10) {
      bench.server.hold(held('other', new Date(seconds).toISOString()));
      await bench.pass(10_000);
    }
    assert.deepEqual([a.said, a.passes, bench.server.spec.holderIdentity], [['standing by other'], false, 'other']);
  });

  const times: [string, number, number][] = [
    ['15 s after it was first seen', 15, 15_000],
    ['its own lease duration after it was first seen', 40, 40_000],
    ['our lease duration after it was first seen, if it names none', 0, 15_000],
  ];
  for (const [when, seconds, milliseconds] of times) {
    it(`takes it from a holder whose record stands still, ${when}, though it claims to have renewed in the future`, async () => {
      await using bench = await ElectionBench.open();
      bench.server.put({ spec: held('dead', '2036-01-01T00:00:00.000000Z', seconds) });
      const a = await bench.elector('a');
      await bench.pass(milliseconds - 1000);
      assert.equal(bench.server.spec.holderIdentity, 'dead');
      await bench.pass(3000);
      assert.deepEqual([bench.server.spec.holderIdentity, a.passes], ['a', true]);
    });
  }

  it('does not hold a dead holder for alive because people annotate its Lease', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('dead') });
    const a = await bench.elector('a');
    for (let seconds = 0; seconds < 18; seconds += 2) {
      bench.server.annotate({ note: String(seconds) });
      await bench.pass(2000);
    }
    assert.equal(a.passes, true);
  });

  it('looks again between one and 2.2 retry periods later', async () => {
    await using bench = await ElectionBench.open();
    for (const [random, wait] of [
      [0, 2000],
      [0.5, 3200],
    ] as const) {
      bench.server.put({ spec: held('other') });
      const clock = new FakeClock();
      const stop = new AbortController();
      const a = await bench.elector('a');
      const client = { request: () => Promise.resolve(bench.server.lease as never) };
      const options = { client, namespace: 'shop', identity: 'b', listener: a, clock, now: () => WALL };
      const running = new LeaderElection({ ...options, random: () => random }).run(stop.signal);
      await until('the wait', () => clock.sleeping.length === 1);
      assert.deepEqual(clock.sleeping, [wait]);
      stop.abort();
      await running;
    }
  });

  it('is held by one of two at a time, and passes from a dead one to the other', async () => {
    await using bench = await ElectionBench.open();
    const clock = new FakeClock();
    const a = await bench.elector('a', undefined, clock);
    const b = await bench.elector('b');
    await bench.pass(60_000);
    assert.deepEqual([a.passes, b.passes], [true, false], a.said.join());
    // a is stopped as by SIGSTOP: its time goes on, its timers do not
    const dead = bench.electors.splice(0, 1);
    for (let milliseconds = 0; milliseconds < 20_000; milliseconds += 250) {
      clock.pass(250);
      await bench.pass(250);
      assert.ok(!(a.election.isLeading && b.election.isLeading), 'two lead at a time');
    }
    assert.deepEqual([a.passes, b.passes, bench.server.spec.leaseTransitions], [false, true, 1]);
    bench.electors.push(...dead);
  });

  it('has an identity that no other process has', () => assert.notEqual(newIdentity(), newIdentity()));
});

describe('leader election: keeping the Lease', () => {
  it('renews every two seconds in one request, and changes nothing but the time', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('') });
    await bench.elector('a');
    const before = bench.server.spec;
    bench.server.requests.length = 0;
    await bench.pass(20_000);
    assert.deepEqual(
      bench.server.requests,
      Array.from({ length: 10 }, () => 'PUT'),
    );
    assert.deepEqual(bench.server.spec, { ...before, renewTime: '2026-03-01T12:00:20.000000Z' });
  });

  it('keeps what people and tools write on it', async () => {
    await using bench = await ElectionBench.open();
    await bench.elector('a');
    bench.server.put({
      ...bench.server.lease,
      metadata: { ...bench.server.lease?.metadata, labels: { team: 'mesh' }, annotations: { note: 'ours' } },
    });
    await bench.pass(10_000);
    assert.deepEqual(bench.server.lease?.metadata?.labels, { team: 'mesh' });
    assert.deepEqual(bench.server.annotations, { note: 'ours' });
  });

  it('bears an API server that fails for less than the renew deadline, and tells each time once', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    for (const outage of [9000, 5000]) {
      bench.server.failing = 500;
      await bench.pass(outage);
      assert.equal(a.passes, true);
      bench.server.failing = undefined;
      await bench.pass(10_000);
    }
    const trouble = 'trouble: the server fails';
    assert.deepEqual([a.said, a.passes, a.terms.length], [['acquired', trouble, trouble], true, 1]);
  });

  it('stands by when it could not renew for 10 s, and leads again, in a new term, when it can', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.failing = 500;
    await bench.pass(10_000);
    assert.deepEqual([a.terms[0]?.aborted, a.passes], [true, false]);
    const why = a.said[2] ?? '';
    assert.match(why, /^lost: the Lease was not renewed for 10 s: .*the server fails$/);
    bench.server.failing = undefined;
    await bench.pass(3000);
    assert.deepEqual([a.terms.length, a.terms[1]?.aborted, a.passes], [2, false, true]);
    assert.equal(bench.server.spec.leaseTransitions, 0, 'nobody else has led');
  });

  it('ends its term when somebody else holds the Lease, and stands by', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.hold(held('other'));
    await bench.pass(2000);
    assert.deepEqual(a.said, ['acquired', 'lost: the Lease is held by other', 'standing by other']);
    assert.deepEqual([a.passes, a.terms[0]?.aborted, bench.server.spec.holderIdentity], [false, true, 'other']);
  });

  for (const [what, why, remove] of [
    ['deleted', 'the Lease was deleted', (bench: ElectionBench) => (bench.server.lease = undefined)],
    ['emptied', 'the Lease is held by no one', (bench: ElectionBench) => bench.server.hold(held(''))],
  ] as const) {
    it(`begins a new term when the Lease was ${what}: others may have led meanwhile`, async () => {
      await using bench = await ElectionBench.open();
      const a = await bench.elector('a');
      remove(bench);
      await bench.pass(2000);
      assert.deepEqual(a.said, ['acquired', `lost: ${why}`, 'acquired']);
      assert.deepEqual([a.terms[0]?.aborted, a.passes, bench.server.spec.holderIdentity], [true, true, 'a']);
    });
  }

  it('says nothing of a request that came too late for a free Lease', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('') });
    bench.server.arrived = (method) => method === 'PUT' && bench.server.hold(held('other'));
    const a = await bench.elector('a');
    await bench.pass(2000);
    assert.deepEqual(a.said, ['standing by other']);
  });

  it('sends back what it does not know of the Lease', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }, spec: held('') });
    await bench.elector('a');
    const { apiVersion, kind } = bench.server.lease as { apiVersion?: string; kind?: string };
    assert.deepEqual([apiVersion, kind], ['coordination.k8s.io/v1', 'Lease']);
  });

  it('says again for whom it stands by after a term of its own', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('other') });
    const a = await bench.elector('a');
    await bench.pass(20_000);
    bench.server.hold(held('other'));
    await bench.pass(2000);
    assert.deepEqual(a.said, [
      'standing by other',
      'acquired',
      'lost: the Lease is held by other',
      'standing by other',
    ]);
  });

  it('begins no new term while something of the last one runs, however long', async () => {
    await using bench = await ElectionBench.open();
    const work = Promise.withResolvers<void>();
    const a = await bench.elector('a', () => work.promise);
    bench.server.hold(held(''));
    await bench.pass(30_000);
    assert.deepEqual([a.terms.length, a.passes, bench.server.spec.holderIdentity], [1, false, '']);
    work.resolve();
    await bench.pass(2000);
    assert.deepEqual([a.terms.length, a.passes], [2, true]);
  });

  it('goes on after a term that ends with an error because it has ended', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector(
      'a',
      (term) => new Promise((_, reject) => term.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    bench.server.hold(held(''));
    await bench.pass(4000);
    assert.deepEqual([a.terms.length, a.passes, a.hasEnded], [2, true, false]);
  });
});

describe('leader election: the journal', () => {
  it('is in the Lease when that is told, and stays there whatever people write on it', async () => {
    await using bench = await ElectionBench.open();
    const { election } = await bench.elector('a');
    await settled('the write', election.keep('restarts'));
    bench.server.annotate({ note: 'theirs', [LEASE_ANNOTATION.journal]: 'forged' });
    await bench.pass(4000);
    const { note, [LEASE_ANNOTATION.journal]: text } = bench.server.annotations;
    assert.deepEqual([note, text], ['theirs', 'restarts']);
  });

  it('that has no room beside people’s annotations is refused at once, and the Lease is kept', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    await settled('a first write', a.election.keep('restarts'));
    bench.server.annotate({ note: 'x'.repeat(100 * 1024) });
    await assert.rejects(settled('the refusal', a.election.keep('y'.repeat(200 * 1024))), /Too long/);
    await bench.idle();
    await bench.pass(30_000);
    assert.deepEqual(
      [a.passes, a.terms.length, bench.server.annotations[LEASE_ANNOTATION.journal]],
      [true, 1, 'restarts'],
    );
    await settled('a shorter one', a.election.keep('fewer'));
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.journal], 'fewer');
  });
});

describe('leader election: the status', () => {
  it('goes along with renewals and causes no write', async () => {
    await using bench = await ElectionBench.open();
    const { election } = await bench.elector('a');
    let status: string | undefined;
    election.publishes(() => status);
    await bench.pass(4000);
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.status], undefined);
    const before = bench.server.requests.length;
    status = 'one';
    await bench.idle();
    assert.equal(bench.server.requests.length, before);
    await bench.pass(2000);
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.status], 'one');
    status = 'two';
    await settled('the journal', election.keep('restarts'));
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.status], 'two');
    assert.equal(bench.server.requests.length, before + 2);
  });

  it('is left out for the rest of the term where the Lease has no room for it; the journal is not', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    a.election.publishes(() => 's'.repeat(60 * 1024));
    await settled('the journal', a.election.keep('j'.repeat(200 * 1024)));
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.status], '');
    await bench.idle();
    await bench.pass(30_000);
    assert.deepEqual([a.passes, a.terms.length], [true, 1]);
    const refused = a.said.filter((words) => /Too long/.test(words));
    assert.equal(refused.length, 1);
  });

  it('gives up the room that it has when the journal needs it', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    a.election.publishes(() => 's'.repeat(60 * 1024));
    await settled('the first journal', a.election.keep('restarts'));
    assert.ok(bench.server.annotations[LEASE_ANNOTATION.status]);
    await settled('the journal', a.election.keep('j'.repeat(200 * 1024)));
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.status], '');
  });

  it('is not written by who takes the Lease: another process may have led since it was made', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('other') });
    let found: string | undefined = 'none yet';
    const a = await bench.elector('a', () => {
      found = bench.server.annotations[LEASE_ANNOTATION.status];
    });
    a.election.publishes(() => 'of an earlier term');
    await bench.pass(20_000);
    assert.deepEqual([a.passes, found], [true, undefined]);
  });

  it('is not written by who does not lead', async () => {
    await using bench = await ElectionBench.open();
    await bench.elector('a');
    const b = await bench.elector('b');
    b.election.publishes(() => 'mine');
    await bench.pass(10_000);
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.status], undefined);
  });
});

describe('leader election: the fence', () => {
  it('lets nothing through before the first term', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('other') });
    assert.equal((await bench.elector('a')).passes, false);
  });

  it('closes 10 s after the last renewal was sent, however late its answer came', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.arrived = () => bench.clock.pass(4000);
    await bench.pass(2000);
    bench.server.arrived = () => undefined;
    bench.clock.pass(5999);
    assert.equal(a.passes, true);
    bench.clock.pass(1);
    assert.equal(a.passes, false);
  });

  it('holds after a stop in which no timer ran, ends the term there and then, and stands by', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.clock.pass(60_000);
    bench.server.hold(held('other'));
    assert.equal(a.terms[0]?.aborted, false);
    assert.throws(() => a.election.assertLeading(), { name: 'NotLeading' });
    assert.equal(a.terms[0]?.aborted, true);
    await bench.pass(250);
    assert.equal(a.said.at(-1), 'standing by other');
  });

  it('stays closed though the renewal that was under way still succeeds', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.arrived = () => bench.clock.pass(20_000);
    await bench.pass(2000, 2000);
    assert.deepEqual([a.passes, a.terms[0]?.aborted], [false, true]);
  });

  it('is not opened by a claim that was answered too late', async () => {
    await using bench = await ElectionBench.open();
    bench.server.arrived = (method) => bench.clock.pass(method === 'POST' ? 10_000 : 0);
    const a = await bench.elector('a');
    assert.deepEqual([a.said, a.passes], [[], false]);
  });
});

describe('leader election: stopping', () => {
  it('asks for nothing more where another process leads', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.hold(held('other'));
    await bench.pass(2000);
    bench.server.requests.length = 0;
    a.stop();
    await a.ended;
    assert.deepEqual(bench.server.requests, []);
  });

  it('ends the term at once and gives the Lease back, and a standby takes it at its next read', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    const b = await bench.elector('b');
    await bench.pass(10_000);
    a.stop();
    assert.deepEqual([a.terms[0]?.aborted, a.passes], [true, false]);
    await settled('the end', a.ended);
    assert.deepEqual(bench.server.spec, {
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: '2026-03-01T12:00:10.000000Z',
      renewTime: '2026-03-01T12:00:10.000000Z',
      leaseTransitions: 0,
    });
    await bench.pass(2000);
    assert.deepEqual([b.passes, bench.server.spec.leaseTransitions], [true, 1]);
  });

  it('gives it back although somebody annotated it meanwhile', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.annotate({ note: 'x' });
    a.stop();
    await settled('the end', a.ended);
    assert.deepEqual([bench.server.spec.holderIdentity, bench.server.annotations.note], ['', 'x']);
  });

  it('does not touch the Lease of another', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.hold(held('other'));
    a.stop();
    await settled('the end', a.ended);
    assert.deepEqual(bench.server.spec, held('other'));
  });

  it('gives it back only when what led has ended', async () => {
    await using bench = await ElectionBench.open();
    const work = Promise.withResolvers<void>();
    const a = await bench.elector('a', () => work.promise);
    a.stop();
    await bench.idle();
    assert.equal(bench.server.spec.holderIdentity, 'a');
    work.resolve();
    await settled('the end', a.ended);
    assert.equal(bench.server.spec.holderIdentity, '');
  });

  it('does not wait for ever for what led, but then leaves the Lease to run out', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a', () => new Promise(() => undefined));
    a.stop();
    await bench.idle();
    await bench.pass(9000);
    assert.equal(a.hasEnded, false);
    await bench.pass(2000);
    await settled('the end', a.ended);
    assert.equal(bench.server.spec.holderIdentity, 'a');
  });

  it('gives back what it may have taken without hearing so', async () => {
    await using bench = await ElectionBench.open();
    bench.server.mute.add('POST');
    const starting = bench.elector('a');
    await until('the claim', () => bench.server.spec.holderIdentity === 'a');
    const [a] = bench.electors;
    assert.ok(a);
    a.stop();
    await settled('the end', a.ended);
    await starting;
    assert.deepEqual([a.terms.length, bench.server.spec.holderIdentity], [0, '']);
  });

  it('ends with an API server that is away', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.failing = 503;
    a.stop();
    await settled('the end', a.ended);
    assert.equal(a.said.at(-1), 'trouble: the server fails');
  });

  it('fails as what led has failed, after giving the Lease back', async () => {
    await using bench = await ElectionBench.open();
    const work = Promise.withResolvers<void>();
    const a = await bench.elector('a', () => work.promise);
    work.reject(new Error('a bug'));
    await assert.rejects(settled('the end', a.ended), /a bug/);
    assert.deepEqual([bench.server.spec.holderIdentity, a.terms[0]?.aborted], ['', true]);
  });
});

describe('leader election: people’s words', () => {
  it('hears a pause within a renewal, and its end', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.annotate({ [LEASE_ANNOTATION.paused]: 'freeze' });
    await bench.pass(2000);
    assert.deepEqual([a.election.pauseState(), a.passes], [{ paused: 'freeze' }, true]);
    bench.server.annotate({ [LEASE_ANNOTATION.paused]: 'false' });
    await bench.pass(2000);
    assert.deepEqual([a.pauseStates, a.terms.length], [[{ paused: 'freeze' }, {}], 1]);
  });

  it('hears a pause while standing by, and knows it when its term begins', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('other') });
    const b = await bench.elector('b');
    bench.server.annotate({ [LEASE_ANNOTATION.paused]: 'freeze' });
    await bench.pass(2000);
    assert.deepEqual([b.election.pauseState(), b.terms.length], [{ paused: 'freeze' }, 0]);
  });

  it('records a resume once, in the very write that renews', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.annotate({ [LEASE_ANNOTATION.resume]: 'now' });
    bench.server.requests.length = 0;
    await bench.pass(2000);
    assert.deepEqual(bench.server.requests, ['PUT', 'GET', 'PUT']);
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.resumed], 'now');
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.resumedAt], '2026-03-01T12:00:02.000Z');
    await bench.pass(10_000);
    assert.deepEqual(a.pauseStates, [{ resumedAt: WALL + 2000 }]);
  });

  it('records a resume that was requested without a leader, when it takes the Lease', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held(''), metadata: { annotations: { [LEASE_ANNOTATION.resume]: '1' } } });
    assert.deepEqual((await bench.elector('a')).election.pauseState(), { resumedAt: WALL });
  });

  it('leaves the recording to the leader', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('other'), metadata: { annotations: { [LEASE_ANNOTATION.resume]: '1' } } });
    await bench.elector('a');
    await bench.pass(10_000);
    assert.ok(!bench.server.requests.includes('PUT'));
  });

  it('goes on leading, and telling others, when a listener throws', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    const heard: PauseState[] = [];
    a.election.onPauseState(() => {
      throw new Error('listener');
    });
    a.election.onPauseState((pauseState) => heard.push(pauseState));
    bench.server.annotate({ [LEASE_ANNOTATION.paused]: 'x' });
    await bench.pass(20_000);
    assert.deepEqual([a.said, a.passes, heard], [['acquired', 'trouble: listener'], true, [{ paused: 'x' }]]);
  });
});

describe('leader election: the journal', () => {
  const journal = (bench: ElectionBench): string | undefined => bench.server.annotations[LEASE_ANNOTATION.journal];
  const notLeading = { name: 'NotLeading' };

  it('goes out at once, with a renewal', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.requests.length = 0;
    await settled('the write', a.election.keep('one'));
    assert.deepEqual([bench.server.requests, journal(bench), a.election.text()], [['PUT'], 'one', 'one']);
    await bench.idle();
    await bench.pass(10_000);
    assert.deepEqual([journal(bench), a.passes], ['one', true]);
  });

  it('is a renewal like any other', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    for (let seconds = 0; seconds < 30; seconds++) {
      bench.clock.advance(1000);
      await bench.idle();
      await settled('the write', a.election.keep(String(seconds)));
      await bench.idle();
    }
    assert.deepEqual([a.passes, a.said, journal(bench)], [true, ['acquired'], '29']);
  });

  it('of several texts that come while one is written, the last goes out, for all of them', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.requests.length = 0;
    const all = Array.from({ length: 20 }, (_, i) => a.election.keep(String(i)));
    await settled('the writes', Promise.all(all));
    assert.equal(journal(bench), '19');
    assert.ok(bench.server.requests.length <= 2, bench.server.requests.join());
  });

  it('survives that a person annotates the Lease at the same time, and so does the annotation', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.annotate({ [LEASE_ANNOTATION.paused]: 'freeze' });
    bench.server.requests.length = 0;
    await settled('the write', a.election.keep('one'));
    assert.deepEqual(bench.server.requests, ['PUT', 'GET', 'PUT']);
    assert.deepEqual(bench.server.annotations, {
      [LEASE_ANNOTATION.paused]: 'freeze',
      [LEASE_ANNOTATION.journal]: 'one',
    });
  });

  it('waits for an API server that is away, and is stored when it is back', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.failing = 500;
    const kept = a.election.keep('one');
    await bench.pass(5000);
    assert.equal(journal(bench), undefined);
    bench.server.failing = undefined;
    await bench.pass(2000);
    await settled('the write', kept);
    assert.equal(journal(bench), 'one');
  });

  it('is refused when the term ends before it is stored, and is not written in the next one', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.failing = 500;
    const kept = assert.rejects(a.election.keep('one'), notLeading);
    await bench.pass(10_000);
    await settled('the refusal', kept);
    bench.server.failing = undefined;
    await bench.pass(10_000);
    assert.deepEqual([a.terms.length, a.passes, journal(bench)], [2, true, undefined]);
  });

  it('is refused to a standby, and to a process that has been stopped', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    const b = await bench.elector('b');
    await settled('the refusal', assert.rejects(b.election.keep('mine'), notLeading));
    await bench.pass(20_000);
    assert.equal(journal(bench), undefined);
    a.stop();
    await settled('the refusal', assert.rejects(a.election.keep('mine'), notLeading));
  });

  it('is known to the process that takes the Lease', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    const b = await bench.elector('b', () => void b.said.push(`reads ${b.election.text()}`));
    await settled('the write', a.election.keep('one'));
    await bench.idle();
    a.stop();
    await bench.pass(5000);
    assert.deepEqual(b.said, ['standing by a', 'acquired', 'reads one']);
  });

  it('of a leader that was stopped while it wrote is refused by the version, once another leads', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.server.arrived = (method) => {
      if (method !== 'PUT') return;
      bench.server.arrived = () => undefined;
      // the write was under way for long: another has taken the Lease and written its own journal
      bench.server.hold(held('other'));
      bench.server.annotate({ [LEASE_ANNOTATION.journal]: 'of the other' });
    };
    await settled('the refusal', assert.rejects(a.election.keep('stale'), notLeading));
    await bench.pass(4000);
    assert.deepEqual([journal(bench), a.passes, bench.server.spec.holderIdentity], ['of the other', false, 'other']);
  });

  it('of a leader that was stopped before it wrote is not even sent', async () => {
    await using bench = await ElectionBench.open();
    const clock = new FakeClock();
    const a = await bench.elector('a', undefined, clock);
    const b = await bench.elector('b');
    const frozen = bench.electors.splice(0, 1);
    clock.pass(20_000);
    await bench.pass(20_000);
    await settled('the write', b.election.keep('of b'));
    await bench.idle();
    bench.server.requests.length = 0;
    await settled('the refusal', assert.rejects(a.election.keep('stale'), notLeading));
    assert.deepEqual([journal(bench), bench.server.requests], ['of b', []]);
    bench.electors.push(...frozen);
  });
});

describe('leader election: liveness', () => {
  it('is well while standing by, and while the API server is away for long', async () => {
    await using bench = await ElectionBench.open();
    bench.server.put({ spec: held('other') });
    const a = await bench.elector('a');
    bench.server.failing = 500;
    await bench.pass(120_000, 1000);
    assert.equal(a.election.problem(), undefined);
  });

  it('is ill when it leads and the loop has not renewed for 20 s after the end of the lease', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a');
    bench.clock.pass(35_000);
    assert.equal(a.election.problem(), undefined);
    bench.clock.pass(1000);
    assert.equal(a.election.problem(), 'leads, but has not renewed the Lease for 36 s');
  });

  it('is ill when what led does not end with its term', async () => {
    await using bench = await ElectionBench.open();
    const a = await bench.elector('a', () => new Promise(() => undefined));
    bench.server.hold(held('other'));
    await bench.pass(30_000);
    assert.equal(a.election.problem(), undefined);
    await bench.pass(10_000);
    assert.match(a.election.problem() ?? '', /^a term that ended \d+ s ago still runs$/);
  });
});

describe('leader election: at the pace of the defaults', () => {
  const idling = async (bench: ElectionBench) => bench.elector('a', undefined, undefined, LEASE_TIMING);

  it('renews every five seconds in one request', async () => {
    await using bench = await ElectionBench.open();
    await idling(bench);
    bench.server.requests.length = 0;
    await bench.pass(20_000);
    assert.deepEqual(
      bench.server.requests,
      Array.from({ length: 4 }, () => 'PUT'),
    );
  });

  it('renews every two seconds as long as there is no status to take along', async () => {
    await using bench = await ElectionBench.open();
    const a = await idling(bench);
    let status: string | undefined;
    a.election.publishes(() => status);
    await bench.pass(5000);
    bench.server.requests.length = 0;
    await bench.pass(8000);
    assert.equal(bench.server.requests.length, 4);
    status = 'the first';
    await bench.pass(2000);
    assert.equal(bench.server.lease?.metadata?.annotations?.[LEASE_ANNOTATION.status], 'the first');
    bench.server.requests.length = 0;
    await bench.pass(10_000);
    assert.equal(bench.server.requests.length, 2);
  });

  it('bears an API server that fails for four and a half seconds, whenever that begins', async () => {
    await using bench = await ElectionBench.open();
    const a = await idling(bench);
    for (let begin = 0; begin < 5000; begin += 500) {
      bench.server.failing = 500;
      await bench.pass(4500);
      bench.server.failing = undefined;
      await bench.pass(10_000 + 500);
    }
    assert.deepEqual([a.terms.length, a.passes], [1, true]);
  });

  it('sends a journal again two seconds after a request that has failed: a restart waits for it', async () => {
    await using bench = await ElectionBench.open();
    const a = await idling(bench);
    bench.server.failing = 500;
    const kept = a.election.keep('restarts');
    await bench.idle();
    bench.server.failing = undefined;
    await bench.pass(2000);
    await settled('the journal', kept);
    assert.equal(bench.server.annotations[LEASE_ANNOTATION.journal], 'restarts');
  });

  it('hears a pause before a journal is kept: no restart begins without it', async () => {
    await using bench = await ElectionBench.open();
    const a = await idling(bench);
    bench.server.annotate({ 'meltemi.dev/paused': 'stop' });
    await a.election.keep('{}');
    assert.deepEqual(a.pauseStates, [{ paused: 'stop' }]);
  });
});

test('leader election: no request outlasts the term', async () => {
  const clock = new FakeClock();
  const limits: number[] = [];
  let isDown = false;
  const client: Pick<Api, 'request'> = {
    request: async <T>({ method, timeoutMs = 0, beforeSend }: ApiRequest) => {
      beforeSend?.();
      if (election.isLeading) limits.push(clock.now() + timeoutMs);
      if (isDown) throw new Error('nobody answers');
      return { spec: method === 'GET' ? {} : held('a') } as T;
    },
  };
  const stop = new AbortController();
  const silent = () => undefined;
  const listener = { acquired: silent, lost: silent, standingBy: silent, trouble: silent };
  const election = new LeaderElection({ client, namespace: 'x', identity: 'a', listener, clock, now: () => WALL });
  const ended = election.run(stop.signal);
  await until('a term', () => election.isLeading && clock.sleeping.length > 0);
  const end = clock.now() + LEASE_TIMING.renewDeadline;
  isDown = true;
  while (election.isLeading) {
    clock.advance(250);
    await setImmediate();
  }
  const latest = Math.max(...limits);
  stop.abort();
  await ended;
  assert.equal(latest, end);
});

describe('leader election: timing', () => {
  const rows: [string, Partial<LeaseTiming>, RegExp][] = [
    ['a renew deadline as long as the lease', { renewDeadline: 15_000 }, /lease duration must be longer/],
    ['a lease under a second', { leaseDuration: 999, renewDeadline: 900, retryPeriod: 100 }, /a second at least/],
    ['a retry period with no room for a second try', { retryPeriod: 9000 }, /longer than 1.2 retry periods/],
    ['no retry period', { retryPeriod: 0 }, /longer than 1.2 retry periods/],
    ['renewals with less than half of the deadline left', { renewEvery: 5001 }, /left for retries/],
  ];
  for (const [name, timing, message] of rows) {
    it(`refuses ${name}`, () => {
      const listener = {} as never;
      const whole = { ...LEASE_TIMING, ...timing };
      const options = { client: {} as never, namespace: 'x', identity: 'a', listener, now: () => WALL, timing: whole };
      assert.throws(() => new LeaderElection(options), { name: 'RangeError', message });
    });
  }
});
