import assert from 'node:assert/strict';
import { SECTION_IDS, sectionsOf } from '../../../src/page/sections.ts';
import type { View } from '../../../src/page/view.ts';
import type { ClusterStatus } from '../../../src/status/clusterStatus.ts';
import { NO_COUNTS } from '../../../src/status/statusDocument.ts';
import { ago, clusterStatus, statusDocument, statusRow, upgradeDocument } from '../../builders/status.ts';
import { MINUTE, NOW } from '../../builders/workload.ts';

const view = (status: ClusterStatus, isLeader = true): View => ({ status, rows: new Map(), isLeader });
const texts = (one: View): Record<string, string> => {
  const sections = sectionsOf(one, NOW);
  return Object.fromEntries(SECTION_IDS.map((id) => [id, sections[id].text]));
};
/** What a reader sees of it. */
const words = (text = ''): string =>
  text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ([,)])/g, '$1')
    .trim();

const upgrade = texts(view(clusterStatus(upgradeDocument())));

const ROWS: [id: string, words: RegExp][] = [
  ['updated', /^prod, Meltemi in namespace meltemi, updated 2 s ago$/],
  ['sums', /^26 current 14 outdated 2 in flight 10 waiting 2 failed 1 unknown 3 skipped 4 outdated pods of kinds that/],
  [
    'runs',
    /began 12 min ago f00d canary 100%, 10 of 10 done rest 53%, 16 of 30 running, 2 in flight, 2 failed, 10 waiting$/,
  ],
  [
    'flight',
    /shop Deployment\/ web 42 s 1 of 3 pods updated bank StatefulSet\/ ledger 3 min 0 of 1 pods available Pod ledger-0: FailedScheduling/,
  ],
  ['failed', /shop Deployment\/ stuck failed:timeout The rollout did not end within the time limit\.$/],
  [
    'waiting',
    /gave-up 2 shop Deployment\/stuck: outcome failed:timeout kubectl -n shop annotate deployment stuck --overwrite/,
  ],
  ['waiting', /cooldown 1 restarted 1 minute ago \(for another 5 min\)/],
  ['next', /shop Deployment\/ cart proxyv2:1\.30\.2 \(default\) → proxyv2:1\.31\.0 \(default\)/],
  [
    'namespaces',
    /^Namespaces shop 6 of 18 1 in flight, 9 waiting, 2 failed bank 20 of 23 1 in flight, 1 waiting, 1 unknown$/,
  ],
];
for (const [id, pattern] of ROWS)
  test(`${id} says what \`meltemi status\` says: ${pattern}`, () => assert.match(words(upgrade[id]), pattern));

test('where there is nothing to say, there is no heading either', () => {
  const { updated, sums, ...rest } = texts(view(clusterStatus(statusDocument())));
  assert.deepEqual([...new Set(Object.values(rest))], ['']);
  assert.ok(updated && sums);
});

const NOTES: [name: string, view: View, words: RegExp][] = [
  [
    'a replica that does not lead says so, and who leads',
    view(clusterStatus(upgradeDocument({ leftOut: 7 })), false),
    /does not lead: it shows what meltemi-abc publishes, without workloads that are current; 7 more workloads have no row here/,
  ],
  [
    'a leader that is gone',
    view(clusterStatus(upgradeDocument(), { leader: { holder: 'x', renewedAt: ago(5 * MINUTE), isAlive: false } })),
    /nothing is restarted: x has not renewed the Lease for 5 min/,
  ],
  ['a pause', view(clusterStatus(upgradeDocument(), { paused: 'change freeze' })), /paused: change freeze/],
  [
    'a pause in the policy',
    view(clusterStatus(statusDocument({ paused: 'first look' }))),
    /paused: first look \(paused in the policy\)/,
  ],
  [
    'a warning',
    view(clusterStatus(upgradeDocument(), { warnings: ['this is a dry run'] })),
    /warning: this is a dry run/,
  ],
];
for (const [name, one, pattern] of NOTES) test(`notes: ${name}`, () => assert.match(words(texts(one).notes), pattern));

test('before the first evaluation there is only the reason why', () => {
  const sections = sectionsOf({ nothing: 'the first scan is not finished' }, NOW);
  assert.match(words(sections.notes.text), /nothing to show yet: the first scan is not finished/);
  assert.equal(sections.sums.text, '');
});

const EVIL = '<img src=x onerror=alert(1)>"\'&\u202e\n';

test('hostile texts are text in every section', () => {
  const row = statusRow(EVIL, { namespace: EVIL, kind: EVIL, lastOutcome: `failed:${EVIL}`, from: EVIL, order: 1 });
  const flying = statusRow(EVIL, { startedAt: EVIL });
  const evil = clusterStatus(
    upgradeDocument({
      at: EVIL,
      workloads: [row, flying],
      namespaces: [{ ...NO_COUNTS, namespace: EVIL, outdated: 1 }],
      waits: [{ reason: EVIL, workloads: 2, until: EVIL, example: { ...row, detail: EVIL } }],
      runs: [
        {
          id: EVIL,
          injector: EVIL,
          to: EVIL,
          startedAt: EVIL,
          eta: { median: EVIL, p90: EVIL },
          waves: [
            {
              name: EVIL,
              state: 'failed',
              detail: EVIL,
              until: EVIL,
              total: -5,
              current: 1e300,
              inFlight: -1,
              failed: 0,
              waiting: 0,
            },
          ],
        },
      ],
    }),
    {
      cluster: EVIL,
      home: EVIL,
      paused: EVIL,
      warnings: [EVIL],
      leader: { holder: EVIL, renewedAt: EVIL, isAlive: false },
      rollouts: new Map([[`Deployment/shop/${EVIL}`, { state: 'stuck', detail: EVIL, problem: EVIL }]]),
    },
  );
  for (const [id, text] of Object.entries(texts(view(evil)))) {
    assert.doesNotMatch(text, /<img|\u202e|="[^"]*x onerror=alert[^"]*"x/, id);
    assert.ok(id === 'sums' || text.includes('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u202e\\n'), id);
  }
});

test('bars have no style of their own, which the policy would refuse, and no width beyond them', () => {
  const all = Object.values(upgrade).join('');
  assert.doesNotMatch(all, /style=|<script|onclick/);
  const widths = [...all.matchAll(/<rect[^>]* x="([\d.]+)" width="([\d.]+)"/g)].map(
    ([, x, width]) => Number(x) + Number(width),
  );
  assert.ok(widths.length > 0 && widths.every((end) => end <= 100));
});
