import assert from 'node:assert/strict';
import { clusterRows, clusterTable } from '../../../src/status/clusterTable.ts';
import { clusterStatus, statusDocument, upgradeDocument } from '../../builders/status.ts';
import { MINUTE, NOW } from '../../builders/workload.ts';

const options = { width: 200, colour: false, now: NOW };
const lines = (...all: Parameters<typeof clusterRows>[0]): string[] => clusterTable(clusterRows(all), options);

test('a line for each cluster, in the order given; one that could not be read says why', () => {
  const halted = { reason: 'halted', workloads: 4, example: { kind: 'A', namespace: 'b', name: 'c', detail: '' } };
  assert.deepEqual(
    lines(
      clusterStatus(upgradeDocument(), { cluster: 'prod-eu' }),
      { cluster: 'prod-us', error: 'connection refused' },
      clusterStatus(upgradeDocument({ waits: [halted] }), {
        cluster: 'dev',
        paused: 'freeze',
        leader: { holder: '', isAlive: false },
      }),
    ),
    [
      'CLUSTER  CONTROL PLANE  PROXIES               OUTDATED  IN FLIGHT  HALTED  ETA',
      'prod-eu  1.31.0         1.31.0×70, 1.30.2×40  14        2          0       –',
      'prod-us  not read: connection refused',
      'dev      1.31.0         1.31.0×70, 1.30.2×40  14        2          4       –    no leader, paused: freeze',
    ],
  );
});

test('a pause in the policy is said like one on the Lease', () => {
  const [, byPolicy, byBoth] = lines(
    clusterStatus(statusDocument({ paused: 'first look' })),
    clusterStatus(statusDocument({ paused: 'first look' }), { paused: 'freeze' }),
  );
  assert.match(byPolicy ?? '', / {4}paused: first look \(paused in the policy\)$/);
  assert.match(byBoth ?? '', / {4}paused: freeze$/);
});

test('a cluster that was read and cannot be read now keeps its line and says so, and so does one whose leader is silent', () => {
  const silent = { holder: 'meltemi-0', isAlive: false };
  const [, lost, quiet] = lines(
    clusterStatus(upgradeDocument(), { cluster: 'lost', problem: 'connection refused', leader: silent }),
    clusterStatus(upgradeDocument(), { cluster: 'quiet', leader: silent }),
  );
  assert.match(lost ?? '', /^lost .* 14 .* not read now: connection refused, the Lease is not renewed$/);
  assert.match(quiet ?? '', /^quiet .* 14 .* the Lease is not renewed$/);
});

test('several control planes are told apart by their revisions', () => {
  const plane = { injector: 'i', version: '1.31.0' };
  const controlPlanes = [
    { ...plane, revision: 'a' },
    { ...plane, revision: 'b' },
  ];
  assert.match(lines(clusterStatus(statusDocument({ controlPlanes })))[1] ?? '', /1\.31\.0 \(a\), 1\.31\.0 \(b\)/);
});

test('it ends when the last of its runs does, and that is unknown if one of them has no estimate', () => {
  const eta = (minutes: number) => {
    const time = new Date(NOW + minutes * MINUTE).toISOString();
    return { median: time, p90: time };
  };
  const wave = { name: 'rest', state: 'running', total: 2, current: 1, inFlight: 1, failed: 0, waiting: 0 } as const;
  const run = { id: 'a', injector: 'i', waves: [wave] };
  const row = (...runs: object[]) =>
    clusterRows([clusterStatus(statusDocument({ runs: runs.map((one) => ({ ...run, ...one })) }))])[0];
  const ends = (...runs: object[]) => {
    const found = row(...runs);
    return found && 'eta' in found ? found.eta : undefined;
  };
  assert.equal(ends({ eta: eta(10) }, { eta: eta(30) }), eta(30).median);
  assert.equal(ends({ eta: eta(10) }, {}), undefined);
  assert.equal(ends(), undefined);
});
