import assert from 'node:assert/strict';
import type { Answer } from '../../src/expect/answer.ts';
import type { Match } from '../../src/expect/match.ts';
import type { Injection, Mesh } from '../../src/expect/mesh.ts';
import { workload } from '../builders/workload.ts';
import { Testbed } from '../testbed/testbed.ts';
import { ApiServer, type Outcome, SENTINEL_NAMESPACE } from './oracle/apiServer.ts';
import { type Combination, drawCombination, generator, namespacePool, SYSTEM_LABELS } from './oracle/draw.ts';
import { type Expectation, Meltemi, served, worded } from './oracle/meltemi.ts';
import { prepareSets, type WebhookSet } from './oracle/webhookSets.ts';

const SEED = Number(process.env.ORACLE_SEED ?? Date.now() % 2 ** 31);
const COMBINATIONS = Number(process.env.ORACLE_COMBINATIONS ?? 300);
const AT_A_TIME = 6;
const PREFIXES = ['rev.namespace.', 'rev.object.', 'namespace.', 'object.', 'auto.'];

let bed: Testbed;
let sets: WebhookSet[];
let oracle: ApiServer;
let meltemi: Meltemi;

beforeAll(async () => {
  bed = await Testbed.up();
  sets = await prepareSets(bed);
  oracle = new ApiServer(bed);
  await oracle.namespaces(namespacePool());
  for (const [name, labels] of Object.entries(SYSTEM_LABELS)) await bed.label(name, labels);
  meltemi = new Meltemi(bed);
});

afterAll(async () => {
  await meltemi?.close();
  await bed?.down();
});

/** What Meltemi expects of a combination, and what the API server did with it. */
interface Compared extends Expectation {
  readonly combination: Combination;
  readonly outcome: Outcome;
}

test('Meltemi expects of every pod what the API server would make of it', async () => {
  console.info(`ORACLE_SEED=${SEED} ORACLE_COMBINATIONS=${COMBINATIONS}`);
  const compared = await compareAll(generator(SEED));
  const called = await oracle.called(COMBINATIONS);
  const calls = compared.map(({ combination }) => called.get(combination.number) ?? []);
  for (const line of distribution(compared, calls)) console.info(line);
  const wrong = compared.flatMap((one, index) => disagreement(one, calls[index] ?? []) ?? []);
  assert.equal(wrong.length, 0, `${wrong.length} disagreements with seed ${SEED}:\n${examples(wrong).join('\n')}`);
  assertVaried(compared, calls);
});

async function compareAll(random: () => number): Promise<Compared[]> {
  const compared: Compared[] = [];
  for (const [index, set] of sets.entries()) {
    const from = Math.ceil((index * COMBINATIONS) / sets.length);
    const to = Math.ceil(((index + 1) * COMBINATIONS) / sets.length);
    const numbers = Array.from({ length: to - from }, (_, offset) => from + offset);
    const combinations = numbers.map((number, index) => drawCombination(random, number, set, index));
    await oracle.install(set);
    compared.push(...(await compareSet(combinations)));
  }
  return compared;
}

/** Some at a time: one after the other leaves both cores waiting for each other. */
async function compareSet(combinations: readonly Combination[]): Promise<Compared[]> {
  const mesh = await meltemi.mesh();
  const waiting = combinations.values();
  const worker = async (): Promise<Compared[]> => {
    const done: Compared[] = [];
    for (const combination of waiting) done.push(await compare(mesh, combination));
    return done;
  };
  const all = await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return all.flat().sort((a, b) => a.combination.number - b.combination.number);
}

async function compare(mesh: Mesh, combination: Combination): Promise<Compared> {
  const { kind, namespace } = combination;
  const template = await served(bed, SENTINEL_NAMESPACE, combination.template);
  const subject = workload({ kind, namespace, name: 'oracle', template });
  const [expected, outcome] = await Promise.all([
    meltemi.expect(mesh, subject),
    oracle.create(subject, combination.number),
  ]);
  return { combination, ...expected, outcome };
}

/** In words why Meltemi is wrong about a combination, or undefined. */
function disagreement(compared: Compared, calls: readonly string[]): string | undefined {
  const { combination, match, answer, outcome } = compared;
  const wrong = wrongMatch(match, calls, outcome) ?? wrongAnswer(match, answer, outcome);
  return wrong && `${wrong} ${JSON.stringify(combination)}`;
}

/** One disagreement of each sort, for they come in dozens: names, numbers and images make no sort. */
function examples(wrong: readonly string[]): string[] {
  const sorts = Map.groupBy(wrong, (one) => one.slice(0, one.indexOf('; {')).replace(/\S*[\d/]\S*|"oracle-\w+"/g, ''));
  return [...sorts.values()].slice(0, 20).map((same) => `${same.length} times: ${same[0]}`);
}

function wrongMatch(match: Match<Injection>, calls: readonly string[], { kind }: Outcome): string | undefined {
  const said = calls.join(' and ');
  if (match.kind === 'none' && calls.length > 0) return `expected no injector, called: ${said};`;
  if (match.kind === 'entry' && nameOf(match.entry) !== said)
    return `expected ${nameOf(match.entry)}, called: ${said};`;
  // Who is refused by the first injector never comes to the second.
  const enough = calls.length > (kind === 'refused' ? 0 : 1);
  if (match.kind === 'conflict' && !(enough && match.reason.detail.startsWith(said)))
    return `${match.reason.detail}, called: ${said};`;
  return undefined;
}

const nameOf = ({ entry }: Injection): string => `${entry?.configuration}/${entry?.name}`;

function wrongAnswer(match: Match<Injection>, answer: Answer | undefined, outcome: Outcome): string | undefined {
  if (match.kind === 'conflict') return undefined;
  if (match.kind === 'unknown') return match.reason.code === 'match-conditions' ? undefined : match.reason.detail;
  const expected = worded(answer);
  const found = outcome.kind === 'refused' ? outcome.message : outcome.sidecar;
  // A pod that cannot be created has no sidecar to expect; that its injector could not be reached is no excuse here.
  const undecided = answer?.kind === 'unknown' && answer.reason.code !== 'injector-unreachable';
  if (outcome.kind === 'refused' && undecided) return undefined;
  return expected === found ? undefined : `expected ${expected}, got ${found};`;
}

const isInjected = ({ outcome }: Compared): boolean => outcome.kind === 'pod' && outcome.sidecar !== 'none';

/** How often each entry prefix was called. */
function prefixes(calls: readonly (readonly string[])[]): Map<string, number> {
  const counted = new Map(PREFIXES.map((prefix) => [prefix, 0]));
  for (const call of calls.flat()) {
    const prefix = call.slice(call.indexOf('/') + 1).replace(/sidecar-injector\.istio\.io$/, '');
    counted.set(prefix, (counted.get(prefix) ?? 0) + 1);
  }
  return counted;
}

function distribution(compared: readonly Compared[], calls: readonly (readonly string[])[]): string[] {
  const count = (wanted: (one: Compared) => boolean): number => compared.filter(wanted).length;
  const refused = count(({ outcome }) => outcome.kind === 'refused');
  const injected = count(isInjected);
  const hits = [...prefixes(calls)].map(([prefix, hit]) => `${prefix} ${hit}`);
  return [
    `pods: ${injected} injected, ${compared.length - injected - refused} not injected, ${refused} refused`,
    `matches: ${['entry', 'none', 'conflict', 'unknown'].map((kind) => `${kind} ${count(({ match }) => match.kind === kind)}`).join(', ')}`,
    `sidecars: ${new Set(compared.map(({ outcome }) => outcome.kind === 'pod' && outcome.sidecar)).size} different`,
    `entries called: ${hits.join(', ')}`,
  ];
}

/** A property that was tried on one kind of pod only would prove little. */
function assertVaried(compared: readonly Compared[], calls: readonly (readonly string[])[]): void {
  const injected = compared.filter(isInjected).length;
  const left = compared.filter(({ outcome }) => outcome.kind === 'pod').length - injected;
  assert.ok(injected >= compared.length / 4, `a quarter is injected: ${injected} of ${compared.length}`);
  assert.ok(left >= compared.length / 4, `a quarter is not injected: ${left} of ${compared.length}`);
  const missing = [...prefixes(calls)].filter(([, hits]) => hits === 0).map(([prefix]) => prefix);
  assert.deepEqual(missing, [], 'every prefix of entries was called');
}
