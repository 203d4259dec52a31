import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { STATUS_RIGHTS } from '../../src/cluster/rights.ts';
import { LEASE_ANNOTATION } from '../../src/names.ts';
import type { Counts, StatusDocument } from '../../src/status/statusDocument.ts';
import { LARGEST } from '../../src/status/statusText.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import type { WorkloadOptions } from '../testbed/workloads.ts';
import { bed } from './bedWithIstio.ts';
import { ChartRelease } from './chartRelease.ts';
import { meltemi } from './commandLine.ts';
import { Scene } from './scene.ts';
import { rewrites, type Screen, Terminal } from './terminal.ts';
import { Versions } from './versions.ts';

const INJECTED = { 'istio-injection': 'enabled' };
const { version, nextVersion, comingVersion } = new Versions();
const READER = { namespace: 'readers', name: 'reader' };
const READER_USER = `system:serviceaccount:${READER.namespace}:${READER.name}`;

interface StatusObject extends Pick<StatusDocument, 'runs' | 'workloads' | 'waits' | 'proxies'> {
  readonly cluster: string;
  readonly paused?: string;
  readonly leader: { readonly isAlive: boolean };
  readonly counts: Counts;
  readonly warnings: readonly string[];
}

/** A cluster with the chart, these workloads, an operator with the chart's rights, and a reader with the reader's. */
async function scenario(
  workloads: readonly WorkloadOptions[],
  work: (parts: { scene: Scene; release: ChartRelease; kubeconfig: string }) => Promise<void>,
): Promise<void> {
  await Promise.all(['watched', READER.namespace].map((name) => bed.namespace(name)));
  await bed.namespace('shop', INJECTED);
  await bed.namespace('bank', INJECTED);
  await bed.api.create(pathOf('ServiceAccount', READER.namespace), { metadata: { name: READER.name } });
  const release = new ChartRelease(bed, 'watched');
  await release.install({
    statusReader: { create: true, subjects: [{ kind: 'ServiceAccount', ...READER }] },
    config: { restartTimeout: '45s' },
  });
  await Promise.all(workloads.map((one) => bed.deploy(one)));
  await Promise.all([...new Set(workloads.map(({ namespace }) => namespace))].map((name) => bed.waitReady(name)));
  const scene = await Scene.of(bed, release.user, () => release.start());
  try {
    await work({ scene, release, kubeconfig: await bed.accountKubeconfig(READER.namespace, READER.name) });
  } finally {
    await scene.stop();
    await release.uninstall().catch(() => undefined);
  }
}

const look = async (kubeconfig: string): Promise<StatusObject> => {
  const { out, error } = await meltemi('status', '--kubeconfig', kubeconfig, '-o', 'json');
  if (!out) throw new Error(error);
  return JSON.parse(out) as StatusObject;
};

/** Waits until the terminal shows this. */
const shows = (terminal: Terminal, what: string, words: RegExp, seconds: number): Promise<unknown> =>
  until(what, seconds * 1000, () => {
    const text = terminal.screen().lines.join('\n');
    return words.test(text) || new Error(text);
  });

/** No line was written that had not changed, and nothing was cleared but when the screen was opened, or got another size. */
function hasNoFlicker(terminal: Terminal, clears: number): void {
  const written = rewrites(terminal.sent());
  assert.ok(written.length > 20, 'ages went on');
  assert.deepEqual(
    written.filter(({ before, after }) => before === after),
    [],
  );
  assert.ok(terminal.sent().split('\u001b[2J').length - 1 <= clears, 'cleared once, and once more for each size');
}

/** The command ends, and the terminal is as it was. @param text what stands on it, where it has the size of before */
async function leaves(terminal: Terminal, key: string, before: Screen, text?: readonly string[]): Promise<void> {
  terminal.press(key);
  const after = await terminal.ready();
  assert.deepEqual({ ...after, lines: text ? after.lines : before.lines }, { ...before, lines: text ?? before.lines });
}

test('over an upgrade a reader sees it live at two sizes, without flicker, with the rights of statusReader and no others', () => {
  const workloads: WorkloadOptions[] = [
    { namespace: 'shop', name: 'web', replicas: 2, readyAfter: '3s' },
    { kind: 'StatefulSet', namespace: 'shop', name: 'db', replicas: 2, readyAfter: '3s' },
    { kind: 'DaemonSet', namespace: 'shop', name: 'agent', readyAfter: '3s' },
    { namespace: 'bank', name: 'ledger', stuckWithProxy: comingVersion() },
    { namespace: 'bank', name: 'quiet', ownAnnotations: { 'meltemi.dev/restart': 'false' } },
  ];
  return scenario(workloads, async ({ scene, kubeconfig }) => {
    const script = bed.path('watch.sh');
    writeFileSync(script, `${process.execPath} src/main.ts status --watch --kubeconfig ${kubeconfig}\n`);
    const small = new Terminal('small', { width: 80, height: 24 }, bed.path('small.bytes'));
    const large = new Terminal('large', { width: 200, height: 60 }, bed.path('large.bytes'));
    try {
      const [before] = await Promise.all([small.ready(), large.ready()]);
      const began = performance.now();
      for (const one of [small, large]) one.run(`sh ${script}`);
      for (const one of [small, large]) await shows(one, 'the first frame', /^5 current, 0 outdated$/m, 30);
      const { alternate, cursorShown } = small.screen();
      assert.deepEqual({ alternate, cursorShown }, { alternate: true, cursorShown: false });
      await bed.istio.upgrade('default', nextVersion());
      for (const one of [small, large]) await shows(one, 'a restart in flight', /IN FLIGHT\n.*\d s {2}\S/s, 30);
      const during = await look(kubeconfig);
      assert.ok(during.counts.inFlight >= 1 && during.counts.outdated >= 1, JSON.stringify(during.counts));
      assert.equal(during.leader.isAlive, true);
      assert.ok(during.workloads.some((row) => 'rollout' in row && row.startedAt !== undefined));
      await scene.current(['shop'], version(), 'default');
      await shows(large, 'the stuck one', /IN FLIGHT\n {2}bank Deployment\/ledger/, 60);
      await shows(large, 'its failure', /FAILED\n {2}bank Deployment\/ledger {2}failed:/, 90);
      const end = await look(kubeconfig);
      const none = { skipped: 0, unknown: 0, conflict: 0, inFlight: 0 };
      assert.deepEqual(end.counts, { current: 3, outdated: 2, ...none, waiting: 2, failed: 1 });
      assert.deepEqual(end.warnings, []);
      const text = large.screen().lines.join('\n');
      assert.match(text, /→ kubectl -n bank annotate deployment ledger --overwrite meltemi\.dev\/retry/);
      assert.match(text, /→ kubectl -n bank annotate deployment quiet --overwrite meltemi\.dev\/restart=true/);
      small.resize(100, 30);
      await until('the new size', 10_000, () => small.screen().lines.some((line) => line.length > 80));
      const seconds = (performance.now() - began) / 1000;
      const requests = Object.values(await bed.audit.requests(READER_USER)).reduce((sum, count) => sum + count, 0);
      assert.ok(requests / seconds < 2 * 2, `${requests} requests of two readers in ${seconds} s`);
      hasNoFlicker(small, 2);
      hasNoFlicker(large, 1);
      // tmux moves what was on a terminal that got another size meanwhile
      await leaves(small, 'q', before);
      await leaves(large, 'C-c', before, [`ready> sh ${script}`, 'ready>']);
      await comparedWithRights();
      const lease = await bed.api.get<ApiObject>(pathOf('Lease', 'watched', 'meltemi'));
      const { length } = lease.metadata.annotations?.[LEASE_ANNOTATION.status] ?? '';
      assert.ok(length > 0 && length <= LARGEST);
    } finally {
      for (const one of [small, large]) one.end();
    }
  });
});

/** What the reader asked for is what its role grants, and nothing was refused. */
async function comparedWithRights(): Promise<void> {
  const kinds = await bed.audit.kinds(READER_USER);
  assert.deepEqual(
    kinds.filter(({ allowed }) => !allowed),
    [],
  );
  const used = new Set(
    kinds.filter(({ resource }) => resource).map(({ verb, group, resource }) => `${verb} ${group}/${resource}`),
  );
  const granted = new Set(
    STATUS_RIGHTS.flatMap(({ verbs, group, resource }) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
  );
  assert.deepEqual(
    [...used].filter((one) => !granted.has(one)),
    [],
  );
  // what this scenario has none of in flight
  const rare = /rollouts|replicasets$|replicationcontrollers|get coordination/;
  assert.deepEqual(
    [...granted].filter((one) => !used.has(one) && !rare.test(one) && !/^get |^(list|watch) apps/.test(one)),
    [],
  );
}

test('one line for each context: one that cannot be reached says so and makes the exit code 1; a pause and a dead leader are told', () =>
  scenario([{ namespace: 'shop', name: 'web' }], async ({ scene, kubeconfig }) => {
    const both = bed.path('two-contexts.yaml');
    const config = parse(readFileSync(kubeconfig, 'utf8'));
    const [context] = config.contexts;
    config.clusters.push({ name: 'dead', cluster: { server: 'https://127.0.0.1:1' } });
    config.contexts.push({ name: 'dead', context: { ...context.context, cluster: 'dead' } });
    writeFileSync(both, stringify(config));
    await until('the first status', 20_000, async () => (await look(kubeconfig)).counts.current === 1);
    const fleet = await meltemi('status', '--kubeconfig', both, '--contexts', 'all');
    assert.equal(fleet.code, 1);
    assert.match(fleet.out, new RegExp(`^${context.name} +${version()} +${version()}×\\d+ +0 +0 +0 +–$`, 'm'));
    assert.match(fleet.out, /^dead +not read: .*127\.0\.0\.1:1/m);
    const admin = await bed.operatorKubeconfig('meltemi-fleet');
    const planned = await meltemi('plan', '--kubeconfig', admin, '--contexts', 'all', '-o', 'json');
    assert.equal(planned.code, 0, planned.error);
    assert.equal(
      JSON.parse(planned.out).clusters[0].workloads.filter((row: { verdict: string }) => row.verdict === 'current')
        .length,
      1,
    );
    await bed.kubectl('-n', 'watched', 'annotate', 'lease', 'meltemi', `${LEASE_ANNOTATION.paused}=change freeze`);
    assert.equal((await look(kubeconfig)).paused, 'change freeze');
    await scene.stop();
    assert.equal((await look(kubeconfig)).leader.isAlive, false);
    const table = await meltemi('status', '--kubeconfig', kubeconfig);
    assert.match(table.out, /^nothing is restarted: no replica has renewed the Lease for \d+ s/m);
    assert.match(table.out, /^paused: change freeze$/m);
  }));
