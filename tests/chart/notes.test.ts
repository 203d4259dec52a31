import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { KINDS } from '../../src/kinds/kinds.ts';
import { ANNOTATION } from '../../src/names.ts';
import { VERSION } from '../../src/version.ts';
import { notes } from './chart.ts';

test('the notes say to plan first, how namespaces take part, how to pause and what to remove at the end', async () => {
  const text = await notes();
  assert.ok(text.includes(`Meltemi ${VERSION} is installed as meltemi in namespace ops.`));
  assert.match(text, /meltemi plan/);
  assert.match(text, /istio\.io\/rev/);
  assert.match(text, /by default kube-system and istio-system.*skipped \(namespace\)/s);
  assert.match(text, /kubectl -n ops annotate lease meltemi --overwrite meltemi\.dev\/paused=/);
  for (const annotation of Object.values(ANNOTATION)) assert.ok(text.includes(`${annotation}-`), annotation);
  assert.doesNotMatch(text, /PAUSED|DRY RUN|WARNING|NOTE:|namespaces .* only/);
});

/** The kinds that the notes say to remove annotations from. */
async function cleanedKinds(...given: Parameters<typeof notes>): Promise<ReadonlySet<string>> {
  const [, kinds = ''] = /^ {2}for kind in (.*); do$/m.exec(await notes(...given)) ?? [];
  return new Set(kinds.split(' ').map((word) => word.split('.')[0] ?? ''));
}

test('annotations are removed from every kind that Meltemi writes them on, and from no object without them', async () => {
  const resources = KINDS.map(({ resource }) => resource);
  // a cluster without Argo Rollouts
  const apart = (...without: string[]) => new Set(resources.filter((one) => !without.includes(one)));
  assert.deepEqual(await cleanedKinds(), apart('rollouts'));
  const noEviction = { eviction: { enabled: false } };
  assert.deepEqual(await cleanedKinds(noEviction), apart('rollouts', 'replicasets', 'replicationcontrollers'));
  const text = await notes();
  const script = /^ {2}for kind in[\s\S]*?^ {2}done$/m.exec(text)?.[0] ?? '';
  // stands in for kubectl: each kind has an object with annotations of ours and one without
  const kubectl = `kubectl() { case $1 in get) printf 'shop with 2026-01-01T00:00:00Z\\nshop without \\n';; *) echo "$2 $5 $6";; esac; }`;
  const said = execFileSync('sh', ['-ec', `${kubectl}\n${script}`], { encoding: 'utf8' });
  assert.deepEqual(
    new Set(said.trim().split('\n')),
    new Set([...apart('rollouts')].map(() => `shop with ${ANNOTATION.restartedFor}-`)),
  );
});

test('a text that says false is no pause, as on the Lease and in the policy', async () =>
  assert.doesNotMatch(await notes({ paused: 'false' }), /PAUSED/));

for (const [what, values, said] of [
  ['a pause with its reason', { paused: 'change freeze' }, /It is PAUSED \(change freeze\)/],
  ['a pause without', { paused: true }, /It is PAUSED: no new restart/],
  ['a dry run', { config: { dryRun: true } }, /It is a DRY RUN/],
  [
    'evictions that are off',
    { eviction: { enabled: false } },
    /OnDelete, .* are not restarted, because eviction.enabled/,
  ],
  ['namespaces', { namespaces: ['shop', 'bank'] }, /the namespaces shop, bank only/],
  [
    'what is given twice',
    { config: { maxInFlight: 3 }, policy: { maxInFlight: 4, restartDelay: '5s' } },
    /WARNING: maxInFlight is given in config and in policy/,
  ],
  [
    'what is policy and stands in config',
    { config: { maxInFlight: 3 } },
    /NOTE: config.maxInFlight is policy. As policy.maxInFlight/,
  ],
  [
    'how to reach a status page on a loopback address',
    { config: { statusBindAddress: '127.0.0.1:8082' } },
    /open http:\/\/localhost:8082:\n\n {2}kubectl -n ops port-forward deployment\/meltemi 8082$/m,
  ],
  [
    'who may read a status page on another address',
    { config: { statusBindAddress: ':8082' } },
    /served on port 8082 .*statusPage\.readers/,
  ],
  ['where it is', { namespaceOverride: 'mesh' }, /^ {2}meltemi plan --in-cluster-settings mesh$/m],
] as const) {
  test(`the notes tell ${what}`, async () => assert.match(await notes(values), said));
}
