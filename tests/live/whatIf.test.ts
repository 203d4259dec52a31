import assert from 'node:assert/strict';
import { planCommand } from '../../src/cli/planCommand.ts';
import { defaults } from '../../src/cli/settings.ts';
import type { Streams } from '../../src/cli/streams.ts';
import type { Assumption } from '../../src/expect/assumption.ts';
import type { Row } from '../../src/report/row.ts';
import { Testbed } from '../testbed/testbed.ts';
import { meltemi } from './commandLine.ts';
import { ApiServer } from './oracle/apiServer.ts';
import { generator } from './oracle/draw.ts';
import { ChartTags, changeText, drawChange, type MeshChange, NAMESPACES, WORKLOADS } from './oracle/meshChanges.ts';
import { prepareSets, VERSIONS, type WebhookSet } from './oracle/webhookSets.ts';

const SEED = Number(process.env.WHAT_IF_SEED ?? Date.now() % 2 ** 31);
const CHANGES = Number(process.env.WHAT_IF_CHANGES ?? 100);
const READER = 'what-if-reader';

let bed: Testbed;
let sets: WebhookSet[];
let tags: ChartTags;
let oracle: ApiServer;
let kubeconfig: string;

beforeAll(async () => {
  bed = await Testbed.up();
  sets = await prepareSets(bed);
  tags = await ChartTags.render(bed, sets);
  oracle = new ApiServer(bed);
  await oracle.namespaces(new Map(Object.entries(NAMESPACES)));
  await oracle.install(setNamed('default, canary, prod to canary'));
  for (const namespace of Object.keys(NAMESPACES)) {
    await Promise.all(
      Object.entries(WORKLOADS).map(([name, labels]) => bed.deploy({ namespace, name, labels, replicas: 1 })),
    );
    await bed.waitReady(namespace);
  }
  kubeconfig = bed.cluster.kubeconfig(READER, ['system:masters']);
});

afterAll(() => bed?.down());

const setNamed = (name: string): WebhookSet => {
  const found = sets.find((set) => set.name === name);
  if (!found) throw new Error(`there is no webhook set "${name}"`);
  return found;
};

/** The mesh as it was when the pods were made. */
async function asDrawn(): Promise<void> {
  await oracle.install(setNamed('default, canary, prod to canary'));
  for (const [name, labels] of Object.entries(NAMESPACES)) {
    await bed.label(name, { 'istio-injection': null, 'istio.io/rev': null, ...labels });
  }
}

/** What `plan -o json` says, run in this process: starting the command 200 times would take longer than all else. */
async function plan(assumptions: readonly Assumption[] = []): Promise<readonly Row[]> {
  const written: string[] = [];
  const stream = (texts: string[]) => ({ write: (text: string) => texts.push(text) > 0 }) as NodeJS.WriteStream;
  const errors: string[] = [];
  const streams: Streams = { input: [] as never, out: stream(written), error: stream(errors), environment: {} };
  const settings = { ...defaults(), kubeconfig, output: 'json' as const, if: assumptions };
  await planCommand(settings, new Set(['kubeconfig', 'output', 'if']), streams, new AbortController().signal);
  const { workloads, warnings } = JSON.parse(written.join('')) as { workloads: Row[]; warnings: string[] };
  assert.deepEqual(warnings, [], errors.join(''));
  return workloads;
}

const differs = (one: readonly Row[], other: readonly Row[]): boolean => JSON.stringify(one) !== JSON.stringify(other);

/** The rows of which the two plans say different things. */
const difference = (expected: readonly Row[], found: readonly Row[]): string[] => {
  const others = new Set(found.map((row) => JSON.stringify(row)));
  return expected.map((row) => JSON.stringify(row)).filter((row) => !others.has(row));
};

/** A change of one set's mesh, with the plans before it, for it, and after it. */
interface Tried {
  readonly set: string;
  readonly change: MeshChange;
  readonly before: readonly Row[];
  readonly assumed: readonly Row[];
  readonly real: readonly Row[];
}

/** One change after the other: each is tried on what the one before has left. */
async function tryChanges(random: () => number, set: WebhookSet, count: number): Promise<Tried[]> {
  await oracle.install(set);
  const tried: Tried[] = [];
  let before = await plan();
  for (let number = 0; number < count; number++) {
    const change = drawChange(random, set, Object.keys(NAMESPACES));
    const assumed = await plan(change);
    await tags.make(change);
    const real = await plan();
    tried.push({ set: set.name, change, before, assumed, real });
    before = real;
  }
  return tried;
}

const sortOf = (change: MeshChange): string => [...new Set(change.map(({ kind }) => kind))].sort().join(' and ');

test(`${CHANGES} random changes of tags and labels: what is planned for them is what is planned after them`, async () => {
  console.info(`WHAT_IF_SEED=${SEED} WHAT_IF_CHANGES=${CHANGES}`);
  const random = generator(SEED);
  const tried: Tried[] = [];
  for (const [index, set] of sets.entries()) {
    const [from, to] = [index, index + 1].map((of) => Math.ceil((of * CHANGES) / sets.length)) as [number, number];
    tried.push(...(await tryChanges(random, set, to - from)));
  }
  const wrong = tried.filter(({ assumed, real }) => differs(assumed, real));
  assert.deepEqual(
    wrong.map(({ set, change, assumed, real }) => `${set}: ${changeText(change)}: ${difference(assumed, real)[0]}`),
    [],
  );
  assertVaried(tried);
});

/** What changes nothing proves nothing. */
function assertVaried(tried: readonly Tried[]): void {
  const different = tried.filter(({ before, real }) => differs(before, real)).length;
  const restarts = tried.flatMap(({ real }) => real.filter(({ action }) => action === 'restart')).length;
  const sorts = Map.groupBy(tried, ({ change }) => sortOf(change));
  const sums = [...sorts].map(([sort, all]) => `${all.length} of ${sort}`);
  console.info(`changes: ${sums.join(', ')}; ${different} make another plan; ${restarts} restarts planned after them`);
  assert.ok(different >= CHANGES / 3, `${different} of ${CHANGES} changes make another plan`);
  assert.ok(restarts >= CHANGES / 2, `${restarts} restarts are planned`);
  for (const sort of ['tag', 'label', 'label and tag'])
    assert.ok((sorts.get(sort)?.length ?? 0) >= CHANGES / 20, `changes of ${sort} are tried`);
}

test('the command says first what was assumed, and exits as for any plan', async () => {
  await asDrawn();
  const labels = 'label namespace/what-enabled istio.io/rev=prod istio-injection-';
  const { out, error, code } = await meltemi(
    ...['plan', '--kubeconfig', kubeconfig, '-n', 'what-enabled', '--if', 'tag prod=default', '--if', labels],
  );
  assert.match(
    out,
    new RegExp(
      [
        '^What would happen if:',
        ' {2}tag prod=default \\(now prod=canary\\)',
        ' {2}label namespace/what-enabled istio\\.io/rev=prod \\(now not set\\)',
        ' {2}label namespace/what-enabled istio-injection- \\(now istio-injection=enabled\\)',
        '',
        '# +NAMESPACE',
      ].join('\n'),
    ),
  );
  assert.equal(error, '');
  assert.equal(code, 0, 'the same revision answers');
  const moved = await meltemi('plan', '--kubeconfig', kubeconfig, '-n', 'what-prod', '--if', 'tag prod=default');
  assert.equal(moved.code, 3, moved.out);
  const wrong = await meltemi('plan', '--kubeconfig', kubeconfig, '--if', 'tag prd=default');
  assert.match(wrong.error, /^error: --if: there is no tag prd\. Did you mean prod\? The cluster has prod\n/);
  assert.equal(wrong.code, 1);
});

test('an injector in the place of another one is asked what it would inject, and the other one is not', async () => {
  await asDrawn();
  const canary = bed.istio.address('canary');
  const asked = await bed.istio.questions('default');
  const rows = await plan([{ kind: 'injector', revision: 'default', address: canary }]);
  assert.equal(await bed.istio.questions('default'), asked);
  const ofDefault = rows.filter(({ revision, verdict }) => revision === 'default' && verdict !== 'skipped');
  assert.ok(ofDefault.length >= 4, `${ofDefault.length} workloads of revision default`);
  for (const { to } of ofDefault) assert.match(to ?? '', new RegExp(`:${VERSIONS.canary} `));
  const real = await plan();
  for (const { to } of real.filter(({ revision, verdict }) => revision === 'default' && verdict !== 'skipped'))
    assert.match(to ?? '', new RegExp(`:${VERSIONS.default} `));
});

/** What is decided about a workload, but for the revision that an answer names. */
const decided = ({ namespace, name, verdict, action, reason, order, to }: Row) => {
  const [image] = (to ?? '').split(' ');
  return { namespace, name, verdict, action, reason, order, image };
};

test('an istiod of the next version foretells the plan after the upgrade', async () => {
  await asDrawn();
  const foretold = await plan([{ kind: 'injector', revision: 'default', address: bed.istio.address('canary') }]);
  assert.ok(foretold.some(({ action }) => action === 'restart'));
  // the sets have left it with namespaces that are injected by default, which would be another change
  const asBefore = { sidecarInjectorWebhook: { enableNamespacesByDefault: false } };
  await bed.istio.upgrade('default', VERSIONS.canary, asBefore);
  assert.deepEqual((await plan()).map(decided), foretold.map(decided));
});

test('nothing was written', async () => {
  assert.ok(Object.keys(await bed.audit.requests(READER)).length > 0);
  assert.deepEqual(await bed.audit.writes(READER), []);
});
