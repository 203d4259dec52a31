import assert from 'node:assert/strict';
import { chosenStatus } from '../../../src/status/chosenStatus.ts';
import { NO_COUNTS, type StatusRow } from '../../../src/status/statusDocument.ts';
import { clusterStatus, statusDocument, statusRow } from '../../builders/status.ts';

const waiting = (name: string, namespace: string, until?: string): StatusRow =>
  statusRow(name, { namespace, action: 'wait', reason: 'cooldown', ...(until !== undefined && { until }) });

const [SOON, LATER, LAST] = ['2026-01-01T01:00:00Z', '2026-01-01T02:00:00Z', '2026-01-01T03:00:00Z'];

const STATUS = clusterStatus(
  statusDocument({
    unsupportedPods: 5,
    namespaces: [
      { ...NO_COUNTS, namespace: 'shop', outdated: 2, unsupportedPods: 5 },
      { ...NO_COUNTS, namespace: 'bank', outdated: 3 },
    ],
    waits: [{ reason: 'cooldown', workloads: 5, until: SOON, example: waiting('cart', 'shop') }],
    workloads: [
      waiting('cart', 'shop', SOON),
      waiting('web', 'shop'),
      waiting('ledger', 'bank', LAST),
      waiting('teller', 'bank', LATER),
      waiting('vault', 'bank'),
    ],
  }),
);

describe('a namespace has only what is its own', () => {
  it.each([
    { namespace: 'shop', unsupportedPods: 5, workloads: 2, until: SOON },
    { namespace: 'bank', unsupportedPods: 0, workloads: 3, until: LATER },
  ])(
    '$namespace: unsupported pods, waiting workloads, and when the first of them ends',
    ({ namespace, ...expected }) => {
      const { document } = chosenStatus(STATUS, { namespace });
      const [{ workloads, until } = { workloads: 0 }] = document.waits;
      assert.deepEqual({ unsupportedPods: document.unsupportedPods, workloads, until }, expected);
    },
  );

  it('no end, where none of its waits has one', () => {
    const { document } = chosenStatus(
      { ...STATUS, document: { ...STATUS.document, workloads: [waiting('vault', 'bank')] } },
      { namespace: 'bank' },
    );
    assert.equal(document.waits[0]?.until, undefined);
  });
});
