import assert from 'node:assert/strict';
import { KubeClient } from '../../../src/cluster/client.ts';
import type { Lead, LeadershipListener } from '../../../src/leader/leadership.ts';
import type { PauseState } from '../../../src/leader/pauseState.ts';
import { WithoutElection } from '../../../src/leader/withoutElection.ts';
import { LEASE_ANNOTATION } from '../../../src/names.ts';
import { configFor } from '../cluster/apiServer.ts';
import { settled, until } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';
import { LeaseServer } from '../cluster/leaseServer.ts';

const WALL = Date.parse('2026-03-01T12:00:00Z');

let server: LeaseServer;
let client: KubeClient;
let clock: FakeClock;
let stop: AbortController;
let said: string[];
let pauseStates: PauseState[];
let running: Promise<void>;

const listener: LeadershipListener = {
  acquired: () => said.push('acquired'),
  lost: (why) => said.push(`lost: ${why}`),
  standingBy: (holder) => said.push(`standing by ${holder}`),
  trouble: (error) => said.push(`trouble: ${error instanceof Error ? error.message.split(': ').at(-1) : error}`),
};

beforeEach(async () => {
  server = await new LeaseServer().listen();
  client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test' });
  [clock, stop, said, pauseStates] = [new FakeClock(), new AbortController(), [], []];
});

afterEach(async () => {
  stop.abort();
  await settled('the end', running).catch(() => undefined);
  await client.close();
  await server[Symbol.asyncDispose]();
});

const looked = (): Promise<void> => until('the look', () => clock.sleeping.length === 1);

async function lookAgain(): Promise<void> {
  clock.advance(5000);
  await looked();
}

function start(writes: boolean, lead?: Lead): WithoutElection {
  const one = new WithoutElection({ client, namespace: 'shop', listener, writes, clock, now: () => WALL });
  one.onPauseState((pauseState) => pauseStates.push(pauseState));
  running = one.run(stop.signal, lead);
  return one;
}

describe('without election', () => {
  it('a journal that has no room beside people’s annotations is refused at once', async () => {
    const one = start(true);
    await looked();
    server.annotate({ note: 'x'.repeat(100 * 1024) });
    await assert.rejects(settled('the refusal', one.keep('y'.repeat(200 * 1024))), /Too long/);
    await settled('a shorter one', one.keep('fewer'));
    assert.equal(server.annotations[LEASE_ANNOTATION.journal], 'fewer');
  });

  it('writes the status with a look, and only when it has changed', async () => {
    const one = start(true);
    await looked();
    let status = 'one';
    one.publishes(() => status);
    for (let look = 0; look < 3; look++) await lookAgain();
    assert.equal(server.annotations[LEASE_ANNOTATION.status], 'one');
    status = 'two';
    await lookAgain();
    assert.equal(server.annotations[LEASE_ANNOTATION.status], 'two');
    assert.equal(server.requests.filter((method) => method === 'PUT').length, 2);
  });

  it('looks every two seconds as long as there is no status to take along, else every five', async () => {
    const one = start(true);
    await looked();
    let status: string | undefined;
    one.publishes(() => status);
    await lookAgain();
    assert.deepEqual(clock.sleeping, [2000]);
    status = 'the first';
    await lookAgain();
    assert.deepEqual(clock.sleeping, [5000]);
  });

  it('creates the Lease without a holder, and leads', async () => {
    const one = start(true);
    await looked();
    assert.deepEqual([server.lease?.metadata?.name, server.spec, said], ['meltemi', {}, ['acquired']]);
    assert.doesNotThrow(() => one.assertLeading());
  });

  it('leads though the Lease names a holder, and leaves that as it is', async () => {
    server.put({ spec: { holderIdentity: 'other', leaseDurationSeconds: 15 } });
    const one = start(true);
    await looked();
    assert.equal(one.isLeading, true);
    assert.deepEqual(server.requests, ['GET']);
  });

  it('makes it anew when it was deleted', async () => {
    start(true);
    await looked();
    server.lease = undefined;
    await lookAgain();
    assert.notEqual(server.lease, undefined);
  });

  it('does not lead before it knows whether it is paused', async () => {
    server.failing = 500;
    const one = start(true);
    await looked();
    assert.deepEqual([one.isLeading, said], [false, ['trouble: the server fails']]);
    assert.throws(() => one.assertLeading(), { name: 'NotLeading' });
    server.failing = undefined;
    server.put({ metadata: { annotations: { [LEASE_ANNOTATION.paused]: 'freeze' } } });
    await lookAgain();
    assert.deepEqual([one.isLeading, one.pauseState()], [true, { paused: 'freeze' }]);
  });

  it('keeps what it read last while the API server is away, and tells that once', async () => {
    server.put({ metadata: { annotations: { [LEASE_ANNOTATION.paused]: 'freeze' } } });
    const one = start(true);
    await looked();
    server.failing = 500;
    await lookAgain();
    await lookAgain();
    assert.deepEqual([one.pauseState(), said], [{ paused: 'freeze' }, ['acquired', 'trouble: the server fails']]);
  });

  it('reads people’s words every two seconds and records a resume once', async () => {
    start(true);
    await looked();
    server.annotate({ [LEASE_ANNOTATION.paused]: 'freeze', [LEASE_ANNOTATION.resume]: '1' });
    await lookAgain();
    assert.deepEqual(pauseStates, [{ paused: 'freeze' }, { paused: 'freeze', resumedAt: WALL }]);
    await lookAgain();
    assert.deepEqual(server.requests, ['GET', 'POST', 'GET', 'PUT', 'GET']);
  });

  it('stops leading at once when it is stopped', async () => {
    let term: AbortSignal | undefined;
    const one = start(true, (given) => {
      term = given;
    });
    await until('the term', () => term !== undefined);
    stop.abort();
    assert.deepEqual([term?.aborted, one.isLeading], [true, false]);
    await settled('the end', running);
  });

  it('never leads where it is stopped before it knows whether it is paused', async () => {
    server.failing = 500;
    start(true);
    await looked();
    stop.abort();
    await settled('the end', running);
    assert.deepEqual(said, ['trouble: the server fails']);
  });

  it('neither leads nor asks for anything where it was stopped before', async () => {
    stop.abort();
    start(true);
    await settled('the end', running);
    assert.deepEqual([said, server.requests], [[], []]);
  });

  it('does not fail by what its own end makes fail', async () => {
    start(true, (term) => new Promise((_, reject) => term.addEventListener('abort', () => reject(new Error('ended')))));
    await looked();
    stop.abort();
    await assert.doesNotReject(settled('the end', running));
  });

  it('fails as what led has failed', async () => {
    start(true, () => Promise.reject(new Error('a bug')));
    await assert.rejects(settled('the end', running), /a bug/);
  });
});

describe('without election: the journal', () => {
  const journal = (): string | undefined => server.annotations[LEASE_ANNOTATION.journal];
  const notLeading = { name: 'NotLeading' };

  it('goes out at once, and is read again', async () => {
    const one = start(true);
    await looked();
    await settled('the write', one.keep('one'));
    assert.deepEqual([journal(), one.text()], ['one', 'one']);
  });

  it('survives that a person annotates the Lease at the same time, and so does the annotation', async () => {
    const one = start(true);
    await looked();
    server.arrived = (method) => {
      if (method !== 'PUT') return;
      server.arrived = () => undefined;
      server.annotate({ [LEASE_ANNOTATION.paused]: 'freeze' });
    };
    const kept = one.keep('one');
    await until('the conflict', () => server.requests.includes('PUT'));
    await looked();
    assert.deepEqual([journal(), said], [undefined, ['acquired']]);
    await lookAgain();
    await settled('the write', kept);
    assert.deepEqual(server.annotations, { [LEASE_ANNOTATION.paused]: 'freeze', [LEASE_ANNOTATION.journal]: 'one' });
  });

  it('is written again when the Lease was deleted', async () => {
    const one = start(true);
    await looked();
    await settled('the write', one.keep('one'));
    await looked();
    server.lease = undefined;
    await lookAgain();
    assert.equal(journal(), 'one');
  });

  it('that waits for an API server which fails asks it no more often', async () => {
    const one = start(true);
    await looked();
    server.failing = 500;
    const before = server.requests.length;
    one.keep('one').catch(() => undefined);
    await until('the look', () => server.requests.length > before);
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(server.requests.length, before + 1);
    server.failing = undefined;
    await lookAgain();
    await until('the write', () => journal() === 'one');
  });

  it('is refused before it has begun to lead, and when it is stopped', async () => {
    server.failing = 500;
    const one = start(true);
    await settled('the refusal', assert.rejects(one.keep('one'), notLeading));
    server.failing = undefined;
    await looked();
    await lookAgain();
    server.failing = 500;
    const kept = assert.rejects(one.keep('one'), notLeading);
    stop.abort();
    await settled('the refusal', kept);
    assert.equal(journal(), undefined);
  });

  it('is refused in a dry run, which reads what others keep', async () => {
    server.put({ metadata: { annotations: { [LEASE_ANNOTATION.journal]: 'of who leads' } } });
    const one = start(false);
    await looked();
    await settled('the refusal', assert.rejects(one.keep('one'), notLeading));
    assert.deepEqual([one.text(), server.requests], ['of who leads', ['GET']]);
  });
});

describe('a dry run', () => {
  it('neither makes nor writes the Lease', async () => {
    start(false);
    await looked();
    server.put({ metadata: { annotations: { [LEASE_ANNOTATION.resume]: '1', [LEASE_ANNOTATION.paused]: 'x' } } });
    await lookAgain();
    assert.deepEqual([server.requests, pauseStates], [['GET', 'GET'], [{ paused: 'x' }]]);
  });

  it('begins without the right to read the Lease', async () => {
    server.failing = 403;
    const one = start(false);
    await looked();
    assert.equal(one.isLeading, true);
  });
});
