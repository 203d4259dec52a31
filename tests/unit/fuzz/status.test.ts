import assert from 'node:assert/strict';
import { foundLease, leaseStatus } from '../../../src/cli/leaseStatus.ts';
import { rowsInFlight } from '../../../src/cli/rollouts.ts';
import type { Lease } from '../../../src/leader/lease.ts';
import { LEASE_ANNOTATION } from '../../../src/names.ts';
import { chosenStatus } from '../../../src/status/chosenStatus.ts';
import { clusterRows, clusterTable } from '../../../src/status/clusterTable.ts';
import { frame } from '../../../src/status/frame.ts';
import { statusObject } from '../../../src/status/statusObject.ts';
import { columnsOf } from '../../../src/status/textLine.ts';
import { ago, upgradeDocument } from '../../builders/status.ts';
import { NOW } from '../../builders/workload.ts';
import { mangle } from './mangle.ts';
import { series } from './series.ts';

const LEASE: Lease = {
  metadata: { name: 'meltemi', namespace: 'ops', annotations: {} },
  spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: ago(1000) },
};
const DOCUMENT = upgradeDocument();

// whoever may write the Lease may have written anything
series('statuses on a Lease', 0.1, ['shown', 'refused'], (dice) => {
  const text = JSON.stringify(mangle(dice, DOCUMENT));
  const raw = dice.once(4) ? mangle(dice, LEASE) : LEASE;
  const annotations = { [LEASE_ANNOTATION.status]: text };
  const lease = raw?.metadata ? { ...raw, metadata: { ...raw.metadata, annotations } } : raw;
  const found = typeof lease === 'object' && lease !== null ? foundLease(lease) : undefined;
  const read = found && leaseStatus(found, NOW);
  if (!read || 'error' in read) return 'refused';
  const status = { cluster: 'prod', ...read, rollouts: new Map(), warnings: [] };
  const options = { width: 80, height: 24, colour: false, now: NOW };
  for (const one of [status, chosenStatus(status, { namespace: 'shop', run: 'f0' })]) {
    const lines = [...frame(one, options), ...clusterTable(clusterRows([one]), options)];
    for (const line of lines) {
      assert.ok(columnsOf(line) <= options.width);
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]/u);
    }
    assert.ok(JSON.stringify(statusObject(one)));
    rowsInFlight(one.document.workloads);
  }
  return 'shown';
});
