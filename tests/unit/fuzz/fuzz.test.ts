import assert from 'node:assert/strict';
import jsonPatch from 'fast-json-patch';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { workloadOf } from '../../../src/cluster/workloads.ts';
import { judge } from '../../../src/compare/judge.ts';
import { PodGroups } from '../../../src/compare/podGroups.ts';
import { nextPodLabels, question, readAnswer, readAnswerText } from '../../../src/expect/admission.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import { contentHash, injectionOf } from '../../../src/expect/epoch.ts';
import { type Match, match } from '../../../src/expect/match.ts';
import { type AskedInjection, isAsked } from '../../../src/expect/mesh.ts';
import { applied, operationsIn } from '../../../src/expect/podPatch.ts';
import { injectorEntries, type RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import { ALLOWS_MOST } from '../../../src/kinds/kindPolicy.ts';
import { ownerKind, WORKLOAD_KINDS } from '../../../src/kinds/kinds.ts';
import type { RawWorkload } from '../../../src/kinds/rawWorkload.ts';
import { keyOf, type Labels, NO_NAMESPACE, type PodFacts, type Workload } from '../../../src/model.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { plan } from '../../../src/plan/plan.ts';
import { rolloutState } from '../../../src/plan/rollout.ts';
import { interner } from '../../../src/pods/interner.ts';
import { podListFromProtobuf } from '../../../src/pods/podProtobuf.ts';
import { podListFromJson } from '../../../src/pods/podSource.ts';
import { ProtobufError } from '../../../src/pods/protobuf.ts';
import { istiodOf } from '../../../src/watch/istiod.ts';
import { context, POLICY, stepFor } from '../../builders/policy.ts';
import { conforms } from './conforms.ts';
import type { Dice } from './dice.ts';
import { mangle, mangleBytes } from './mangle.ts';
import {
  base64,
  CONFIGURATION_MODEL,
  CONFIGURATIONS,
  ENTRY_MODEL,
  NAMESPACE,
  OPERATIONS,
  POD_LIST,
  POLICY_FILE,
  PROTOBUF_LIST,
  ROLLOUT,
  reviewOf,
  WORKLOAD,
  WORKLOAD_MODEL,
} from './models.ts';
import { series } from './series.ts';

const RULES = {
  onDelete: 'evict' as const,
  compareHub: false,
  ignoreDigest: false,
  restartOn: new Set(['missing', 'image', 'revision'] as const),
};

// ── configurations and ConfigMaps

series('configurations', 0.2, ['entry', 'none', 'conflict', 'unknown'], (dice) => {
  const configurations = mangle(dice, CONFIGURATIONS);
  const pod: Labels = { app: 'web' };
  const injections = injectionsOf(asList(configurations), mangle(dice, { data: { config: 'x', values: '{}' } }));
  const matched = match(injections, NAMESPACE, pod);
  if (matched.kind === 'entry') assertCallable(asList(configurations), matched.entry, pod);
  return matched.kind;
});

/** A list is a list on the wire; its items are what can be hurt. */
const asList = (value: readonly RawConfiguration[]): readonly RawConfiguration[] => (Array.isArray(value) ? value : []);

const injectionsOf = (configurations: readonly RawConfiguration[], content?: unknown): AskedInjection[] =>
  injectorEntries(configurations).map((entry) => injectionOf(entry, { injectorConfig: content, meshConfig: content }));

/** Of the entries that the configurations hold under this name, one at least is well-formed and selects the pod, seen independently. */
function assertCallable(configurations: readonly RawConfiguration[], { entry }: AskedInjection, pod: Labels): void {
  const raw = configurations
    .filter((one) => one?.metadata?.name === entry.configuration && conforms(CONFIGURATION_MODEL, one))
    .flatMap((one) => [...(one.webhooks ?? [])]);
  const callable = raw.filter(
    (one) =>
      one?.name === entry.name &&
      conforms(ENTRY_MODEL, one) &&
      admits(one.namespaceSelector ?? {}, NAMESPACE) &&
      admits(one.objectSelector ?? {}, pod) &&
      (one.rules ?? []).some(({ operations }) => operations?.includes('CREATE')),
  );
  assert.ok(
    callable.length > 0,
    `${entry.configuration}/${entry.name} matched although it is malformed or selects others`,
  );
}

type Selector = NonNullable<NonNullable<RawConfiguration['webhooks']>[number]['namespaceSelector']>;

/** A second opinion on selectors. */
function admits({ matchLabels, matchExpressions }: Selector, labels: Labels): boolean {
  const carried = new Map(Object.entries(labels));
  const expressions = (matchExpressions ?? []).every(({ key, operator, values }) => {
    const value = carried.get(key);
    const among = value !== undefined && (values ?? []).includes(value);
    if (operator === 'In') return among;
    if (operator === 'NotIn') return !among;
    return operator === 'Exists' ? value !== undefined : operator === 'DoesNotExist' && value === undefined;
  });
  return expressions && Object.entries(matchLabels ?? {}).every(([key, value]) => carried.get(key) === value);
}

// ── answers

const TEMPLATE = { labels: { app: 'web' }, annotations: {}, spec: { containers: [{ name: 'app', image: 'a' }] } };
const ASKED = question('shop', 'web', TEMPLATE).pod;
const ASKED_TEXT = JSON.stringify(ASKED);

series('answers', 0.1, ['sidecar', 'no-sidecar', 'bad-answer', 'injector-refused'], (dice) => {
  const body = answerBody(dice);
  const answer = readAnswer(ASKED, body);
  assert.equal(JSON.stringify(ASKED), ASKED_TEXT, 'the question was changed');
  if (answer.kind === 'sidecar') assertHonest(body, answer);
  const text = JSON.stringify(body);
  // what came over the wire is read as the value that it stands for
  assert.deepEqual(readAnswerText(ASKED_TEXT, Buffer.from(text)), readAnswer(ASKED, JSON.parse(text)));
  return answer.kind === 'unknown' ? answer.reason.code : answer.kind;
});

/** Hurts the review, its patch as a list, or its patch as bytes. */
function answerBody(dice: Dice): unknown {
  const text = JSON.stringify(OPERATIONS);
  if (dice.once(3)) return mangle(dice, reviewOf(base64(text)));
  if (dice.once(2)) return reviewOf(base64(JSON.stringify(mangle(dice, OPERATIONS))));
  return reviewOf(
    dice.once(4)
      ? mangleBytes(dice, Buffer.from(base64(text))).toString()
      : base64(mangleBytes(dice, Buffer.from(text))),
  );
}

const RFC_6902 = /^(add|remove|replace|move|copy|test)$/;

/** What the API server would take as a patch, and a sidecar that can be compared. */
function assertHonest(body: unknown, { sidecar }: Extract<Answer, { kind: 'sidecar' }>): void {
  const { response } = body as ReturnType<typeof reviewOf>;
  assert.equal(response.allowed, true);
  assert.equal(response.patchType, 'JSONPatch');
  assert.match(response.patch, /^[A-Za-z0-9+/]+={0,2}$/);
  const operations: { op: unknown; path: unknown }[] = JSON.parse(Buffer.from(response.patch, 'base64').toString());
  assert.ok(Array.isArray(operations));
  for (const { op, path } of operations) {
    assert.match(String(op), RFC_6902);
    assert.equal(typeof path, 'string');
  }
  assert.ok(typeof sidecar.image === 'string' && sidecar.image !== '');
  assert.equal(typeof sidecar.revision, 'string');
  assert.ok(['container', 'initContainer'].includes(sidecar.placement));
}

series('bytes of answers', 0.05, ['sidecar', 'bad-answer', 'no JSON'], (dice) => {
  const bytes = mangleBytes(dice, Buffer.from(JSON.stringify(reviewOf(base64(JSON.stringify(OPERATIONS))))));
  try {
    const answer = readAnswerText(ASKED_TEXT, bytes);
    return answer.kind === 'unknown' ? answer.reason.code : answer.kind;
  } catch (error) {
    assert.match(String(error), /^Error: the answer is not JSON/);
    assert.throws(() => JSON.parse(bytes.toString()));
    return 'no JSON';
  }
});

/** A patch comes to the same as by the library's own rules, which take time by the square. */
series('patches', 0.05, ['applied', 'refused'], (dice) => {
  const operations = mangle(dice, OPERATIONS);
  const text = JSON.stringify(operations);
  const [ours, theirs] = [
    () => applied(JSON.parse(ASKED_TEXT), operationsIn(JSON.parse(text))),
    () => byLibrary(text),
  ].map((apply) => {
    try {
      return JSON.stringify(apply());
    } catch {
      return 'refused';
    }
  });
  if (ours !== theirs && operationsOf(text).some(isLax)) assert.equal(ours, 'refused');
  else assert.equal(ours, theirs, text.slice(0, 2000));
  return ours === 'refused' ? ours : 'applied';
});

interface Sourced {
  readonly from?: unknown;
  readonly path?: unknown;
}

const operationsOf = (text: string): Sourced[] =>
  Object.values(JSON.parse(text) ?? {}).filter((one) => typeof one === 'object' && one !== null) as Sourced[];

/** What the library takes against RFC 6902: a source that is no pointer, or that holds the place it is moved to. */
function isLax({ from, path }: Sourced): boolean {
  if (from === undefined) return false;
  return typeof from !== 'string' || !/^(\/|$)/.test(from) || (typeof path === 'string' && path.startsWith(`${from}/`));
}

const byLibrary = (text: string): unknown =>
  jsonPatch.applyPatch(JSON.parse(ASKED_TEXT), operationsIn(JSON.parse(text)), true).newDocument;

// ── workloads

const FIELDS: Partial<Workload> = {
  namespace: '',
  name: '',
  uid: '',
  resourceVersion: '',
  generation: 0,
  createdAt: 0,
  deleting: false,
  annotations: {},
  strategy: '',
  paused: false,
  maxUnavailable: 0,
  template: { labels: {}, annotations: {}, spec: {} },
  rollout: { observedGeneration: 0, desired: 0, existing: 0, updated: 0, ready: 0, available: 0 },
};

series('Rollouts', 0.05, ['read', 'refused'], (dice) => {
  const workload = workloadOf('Rollout', mangle(dice, ROLLOUT as unknown as RawWorkload));
  const { restart, pendingUpdate, templateFrom, maxUnavailable, rollout } = workload;
  assert.ok(Number.isFinite(maxUnavailable) && Number.isFinite(rollout.observedGeneration));
  assert.ok(restart === undefined || Number.isFinite(restart.at));
  const words = [workload.strategy, pendingUpdate?.detail ?? '', templateFrom?.kind ?? ''];
  assert.ok(words.every((word) => typeof word === 'string'));
  assert.ok((pendingUpdate?.detail.length ?? 0) <= 500 && (templateFrom?.kind.length ?? 0) <= 500);
  rolloutState(workload);
  return ownerKind('Rollout').refuses(workload, ALLOWS_MOST) === undefined ? 'read' : 'refused';
});

series('workloads', 0.15, ['RollingUpdate', 'malformed'], (dice) => {
  const raw = mangle(dice, WORKLOAD);
  const workload = workloadOf(dice.pick(WORKLOAD_KINDS), raw);
  for (const [field, model] of Object.entries(FIELDS)) {
    const value = workload[field as keyof Workload];
    assert.ok(
      value !== null && value !== undefined && conforms({ [field]: model }, { [field]: value }),
      `field ${field}`,
    );
  }
  if (ownerKind(workload.kind).refuses(workload, ALLOWS_MOST) === undefined)
    assert.ok(conforms(WORKLOAD_MODEL, raw), 'malformed, yet to be restarted');
  assert.match(contentHash(workload.template), /^[0-9a-f]{16}$/);
  assert.ok(Object.values(nextPodLabels(workload)).every((value) => typeof value === 'string'));
  const { image, revision } = istiodOf(raw);
  assert.deepEqual([typeof image, typeof revision], ['string', 'string']);
  return workload.strategy === 'RollingUpdate'
    ? workload.strategy
    : workload.strategy === 'malformed'
      ? 'malformed'
      : 'other';
});

// ── pods

const FACTS = {
  namespace: '',
  name: '',
  uid: '',
  templateHash: '',
  phase: '',
  ready: true,
  deleting: false,
  sidecar: { placement: '', image: '', revision: '', injected: true },
};

function assertFacts(pods: readonly PodFacts[]): void {
  for (const pod of pods) {
    assert.ok(conforms(FACTS, pod) && pod.name && pod.uid, JSON.stringify(pod).slice(0, 500));
    if (pod.owner) assert.ok(conforms({ kind: '', name: '', uid: '' }, pod.owner));
  }
  const groups = new PodGroups();
  for (const pod of pods) groups.add(pod);
}

series('pods in JSON', 0.12, ['read', 'refused'], (dice) => {
  const whole = dice.once(2);
  const text = JSON.stringify(whole ? mangle(dice, POD_LIST) : POD_LIST);
  const bytes = whole ? Buffer.from(text) : mangleBytes(dice, Buffer.from(text));
  const pods = podsIn(bytes);
  if (!pods) return 'refused';
  assertFacts(pods);
  return 'read';
});

/** Undefined where the list is refused, with words and not with an accident. */
function podsIn(bytes: Buffer): PodFacts[] | undefined {
  try {
    return podListFromJson(bytes, interner(), { config: true }).pods;
  } catch (error) {
    assert.ok(error instanceof Error && !(error instanceof TypeError || error instanceof RangeError), String(error));
    return undefined;
  }
}

series('pods in protobuf', 0.13, ['read', 'refused'], (dice) => {
  const bytes = mangleBytes(dice, PROTOBUF_LIST);
  try {
    assertFacts(podListFromProtobuf(bytes, interner(), { config: true }).pods);
    return 'read';
  } catch (error) {
    assert.ok(error instanceof ProtobufError, `${error}`);
    return 'refused';
  }
});

// ── policy files

series('policy files', 0.05, ['usable', 'refused'], (dice) => {
  const reading = readPolicy(mangleBytes(dice, Buffer.from(POLICY_FILE)).toString());
  if ('policy' in reading) {
    assert.ok(plan([], { ...CONTEXT, policy: { ...CONTEXT.policy, ...reading.policy } }));
    return 'usable';
  }
  assert.ok(reading.problems.length > 0 && reading.problems.every(({ message }) => message !== ''));
  return 'refused';
});

// ── all stages together

const CONTEXT = context({
  policy: { ...POLICY, ...RULES, maxInFlightPerNamespace: 5, istiodConfigReadDelay: 0 },
  epochSeenAt: new Map(),
});

interface Inputs {
  readonly configurations: readonly RawConfiguration[];
  readonly raw: RawWorkload;
  readonly pods: object;
  readonly body: unknown;
}

/** Each part is hurt once in three times, so that many inputs are hurt in one place only, and some in none. */
function inputs(dice: Dice): Inputs {
  const maybe = <T>(value: T): T => (dice.once(3) ? mangle(dice, value) : value);
  return {
    configurations: asList(maybe(CONFIGURATIONS)),
    raw: maybe(WORKLOAD),
    pods: maybe(POD_LIST),
    body: dice.once(3) ? answerBody(dice) : reviewOf(base64(JSON.stringify(OPERATIONS))),
  };
}

series('from the configuration to the plan', 0.15, ['restart', 'wait', 'none', 'no scan'], (dice) => {
  const given = inputs(dice);
  const pods = podsIn(Buffer.from(JSON.stringify(given.pods)));
  if (!pods) return 'no scan';
  const workload = workloadOf('Deployment', given.raw);
  const istiod = { ...istiodOf(WORKLOAD), templateHash: 't' };
  const injections = injectionsOf(given.configurations).map((injection) => ({ ...injection, istiod }));
  const matched = match(injections, NAMESPACE, nextPodLabels(workload));
  const answer = matched.kind === 'entry' ? answerTo(workload, given.body) : undefined;
  const assessed = judgedOf(workload, matched, answer, pods);
  const healthy: Workload = { ...workloadOf('Deployment', WORKLOAD), name: 'beside' };
  const planned = plan([assessed, { ...assessed, workload: healthy, verdict: notAsked }], CONTEXT);
  const step = stepFor(planned, workload);
  assert.ok(step, 'the plan says nothing of the workload');
  if (step.action === 'restart') assertEarned(given, assessed, answer, pods);
  return step.action;
});

const notAsked: Assessed['verdict'] = { state: 'skipped', reason: { code: 'not-injected', detail: '' } };

function answerTo({ namespace, name, template }: Workload, body: unknown): Answer {
  return readAnswer(question(namespace, name, template).pod, body);
}

function judgedOf(
  workload: Workload,
  matched: Match<AskedInjection>,
  answer: Answer | undefined,
  pods: PodFacts[],
): Assessed {
  const groups = new PodGroups();
  for (const pod of pods) groups.add(pod);
  const seen = groups.of(keyOf(workload));
  const verdict = judge(workload, matched, answer, seen, RULES);
  return {
    workload,
    templateHash: '',
    namespace: NO_NAMESPACE,
    match: matched,
    verdict,
    groups: seen,
    onLostNodes: 0,
    budgets: [],
    ...(matched.kind === 'entry' && { injection: matched.entry }),
  };
}

/** A restart needs all of it: a callable entry, an honest answer, a well-formed workload, and a pod that differs from the answer. */
function assertEarned(
  { configurations, raw, body }: Inputs,
  assessed: Assessed,
  answer: Answer | undefined,
  pods: PodFacts[],
): void {
  const { verdict, injection, workload } = assessed;
  assert.equal(verdict.state, 'outdated');
  assert.ok(injection && isAsked(injection), 'without a webhook');
  assertCallable(configurations, injection, workload.template.labels);
  assert.ok(conforms(WORKLOAD_MODEL, raw), 'of a malformed workload');
  assert.ok(answer?.kind === 'sidecar', 'without a sidecar in the answer');
  assertHonest(body, answer);
  const { image, revision } = answer.sidecar;
  const differs = ({ sidecar }: PodFacts): boolean => sidecar.image !== image || sidecar.revision !== revision;
  assert.ok(
    pods.some((pod) => !pod.deleting && differs(pod)),
    'although every pod is as it should be',
  );
}
