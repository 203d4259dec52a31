import { BY_DEFAULT } from '../../src/compare/drift.ts';
import { ON_DELETE_CHOICES } from '../../src/kinds/kindPolicy.ts';
import { LEASE_ANNOTATION, RESTART_ANNOTATION, RETRY } from '../../src/names.ts';
import type { Policy } from '../../src/plan/policy.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { Controlled } from './controlled.ts';
import { isOptedOut, optOut } from './optOuts.ts';
import { orphan } from './orphans.ts';
import type { MissingRight } from './rights.ts';
import { drawWaves } from './scenario.ts';
import { narrowScope } from './scope.ts';
import type { World } from './world.ts';

const SECOND = 1000;

/** What the world does to the ground on which operators stand: to namespaces, rights, the policy, nodes, reads, pods and words. */
export const SHIFTS = ['namespace', 'rights', 'policy', 'node', 'reads', 'pods', 'words'] as const;
export type ShiftName = (typeof SHIFTS)[number] | 'optOut' | 'orphan' | 'scope';

interface Occasion {
  readonly world: World;
  readonly dice: Dice;
  /** Tells what was done apart from what was done before. */
  readonly count: number;
}

/**
 * Plans the shifts of a scenario. Now and then the leader ends in the middle of one. Where pods are edited, the last upgrade comes late, so
 * that its restarts are in flight when nothing else happens any more.
 */
export function planShifts(world: World, upgrade: (world: World) => void): void {
  const { scenario, time, shiftDice: dice } = world;
  const { shifts } = scenario;
  if (!shifts) return;
  for (let count = 0; count < shifts.acts; count++)
    time.after(10 * SECOND + dice.below(scenario.eventful - 30 * SECOND), () => {
      if (world.isCalm) return;
      ACTS[dice.pick(shifts.kinds)]({ world, dice, count });
      if (dice.once(3)) time.after(dice.below(8 * SECOND), () => endLeader({ world, dice }));
    });
  if (shifts.kinds.filter((kind) => kind === 'pods').length < 2) return;
  const late = scenario.eventful - 75 * SECOND;
  time.after(late, () => upgrade(world));
  for (const count of [1, 2])
    time.after(late + dice.below(20 * SECOND), () => editPods({ world, dice, count: shifts.acts + count }));
}

function endLeader({ world, dice }: Pick<Occasion, 'world' | 'dice'>): void {
  const leader = world.processes.find(({ isLeading }) => isLeading);
  if (!leader || world.isCalm) return;
  if (dice.once(2)) leader.stop();
  else leader.crash('in the middle of a shift');
  world.time.after(SECOND + dice.below(40 * SECOND), () => world.boot());
}

/** What is restarted at the moment, most often, or else anything. */
function busy({ world, dice }: Occasion, wanted: (one: Controlled) => boolean = () => true): Controlled | undefined {
  const inFlight = world.referee.inFlight().map(({ workload }) => workload);
  const all = dice.below(3) > 0 ? inFlight.filter(wanted) : [];
  return dice.pick(all.length > 0 ? all : world.existing().filter(wanted));
}

const ACTS: Readonly<Record<ShiftName, (occasion: Occasion) => void>> = {
  namespace: endNamespace,
  rights: loseRight,
  policy: editPolicy,
  node: loseNode,
  reads: failReads,
  pods: editPods,
  words: sayWords,
  optOut: optOutSomething,
  orphan: orphanNamespace,
  scope: leaveNamespace,
};

/** A namespace is deleted. It terminates for a while, is gone, and most often is made anew. */
function endNamespace(occasion: Occasion): void {
  const { world, dice, count } = occasion;
  const { plane, time } = world;
  const namespace = busy(occasion)?.namespace ?? world.tenant.namespace;
  const facts = plane.namespaces.get(namespace);
  if (!facts || world.ending.has(namespace)) return;
  world.log(() => `namespace ${namespace} is deleted`);
  world.ending.set(namespace, time.now);
  plane.describe(namespace, { ...facts, deleting: true });
  world.meshChanged();
  const lasts = (3 + dice.below(dice.once(3) ? 400 : 60)) * SECOND;
  const here = world.existing().filter((one) => one.namespace === namespace);
  for (const one of here)
    time.after(dice.below(lasts), () => {
      if (one.gone) return;
      // a finalizer holds some of them
      if (dice.once(3)) one.terminate();
      else one.remove();
    });
  time.after(lasts, () => {
    world.log(() => `namespace ${namespace} is gone`);
    for (const one of world.existing()) if (one.namespace === namespace) one.remove();
    plane.forget(namespace);
    world.meshChanged();
    if (dice.once(5)) return;
    time.after(dice.below(60 * SECOND), () => {
      world.log(() => `namespace ${namespace} is made anew`);
      world.ending.delete(namespace);
      plane.describe(namespace, facts);
      plane.labelledAt.set(namespace, time.now);
      world.meshChanged();
      for (const one of here) world.remake(one, `anew-${count}-${one.manifest.metadata.uid}`);
    });
  });
}

const RIGHTS: readonly MissingRight[] = [
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout', 'Rollout', 'Rollout', 'ReplicaSet'].flatMap((kind) => [
    { kind },
    { kind, verb: 'list' as const },
    { kind, verb: 'get' as const },
  ]),
  { kind: 'Rollout', verb: 'list' },
  { kind: 'Pod' },
  { kind: 'PodDisruptionBudget' },
  { kind: 'Node' },
  { verb: 'patch' },
];

function loseRight(occasion: Occasion): void {
  const { world, dice } = occasion;
  if (world.scenario.canary?.role === 'primary' && dice.once(2)) hideCanaries(occasion);
  else miss(occasion, drawRight(occasion), (2 + dice.below(150)) * SECOND);
}

const drawRight = ({ world, dice }: Occasion): MissingRight =>
  dice.once(3) ? { namespace: dice.pick(world.scenario.namespaces) } : dice.pick(RIGHTS);

/** The leader ends, and the next one knows the primary only by its owner. */
function hideCanaries(occasion: Occasion): void {
  const { world, dice } = occasion;
  miss(occasion, { kind: 'Canary' }, (30 + dice.below(200)) * SECOND);
  world.time.after(dice.below(8 * SECOND), () => endLeader(occasion));
}

function miss({ world }: Occasion, right: MissingRight, lasts: number): void {
  world.log(() => `a right is missing: ${JSON.stringify(right)}`);
  world.rights.lose(right);
  world.time.after(lasts, () => {
    world.log(() => `the right is back: ${JSON.stringify(right)}`);
    world.rights.regain(right);
  });
}

const DRIFTS = [['missing', 'image'], ['missing', 'revision'], ['image', 'revision'], ['missing'], BY_DEFAULT] as const;

const EDITS: Readonly<Record<string, (occasion: Occasion, policy: Policy) => Partial<Policy>>> = {
  kinds: ({ dice }, { kinds }) => ({ kinds: new Set([...kinds].filter(() => !dice.once(3))) }),
  compareHub: (_occasion, { compareHub }) => ({ compareHub: !compareHub }),
  restartOn: ({ dice }) => ({ restartOn: new Set(dice.pick(DRIFTS)) }),
  onDelete: ({ dice, world }, { onDelete }) => {
    if (!world.scenario.hasRolloutOperator) return { onDelete: onDelete === 'evict' ? 'never' : 'evict' };
    return { onDelete: dice.pick(ON_DELETE_CHOICES.filter((one) => one !== onDelete)) };
  },
  maxInFlight: ({ dice }) => ({ maxInFlight: 1 + dice.below(4) }),
  // of other names, so that nothing is known of them
  waves: ({ dice, world, count }) => ({
    waves: dice.once(4) ? [] : drawWaves(dice, world.scenario.namespaces, false, String(count)),
  }),
  skipNamespaces: ({ dice, world }) => ({ skipNamespaces: new Set([dice.pick(world.scenario.namespaces)]) }),
};

/** Somebody edits the policy, and takes it back in every other case. */
function editPolicy(occasion: Occasion): void {
  const { world, dice } = occasion;
  const what = dice.pick(Object.keys(EDITS));
  const before = world.policy;
  const edit = EDITS[what]?.(occasion, before) ?? {};
  world.editPolicy({ ...before, ...edit }, what);
  if (dice.once(3)) return;
  world.time.after((2 + dice.below(120)) * SECOND, () => {
    const { [what as keyof Policy]: was } = world.scenario.policy;
    const { [what as keyof Policy]: _is, ...rest } = world.policy;
    world.editPolicy({ ...rest, ...(was !== undefined && { [what]: was }) } as Policy, `${what}, back`);
  });
}

function loseNode(occasion: Occasion): void {
  const { world, dice } = occasion;
  const pod = busy(occasion, ({ kind }) => kind === 'DaemonSet')?.live[0];
  const node = dice.once(2) && pod?.facts.node ? pod.facts.node : `node-${dice.below(4)}`;
  if (world.lostNodes.has(node)) return;
  world.log(() => `${node} is lost`);
  world.loseNode(node);
  if (dice.once(4)) return;
  world.time.after((5 + dice.below(200)) * SECOND, () => {
    world.log(() => `${node} is back`);
    world.regainNode(node);
  });
}

/** Single reads of one workload fail. */
function failReads(occasion: Occasion): void {
  const { world, dice } = occasion;
  const workload = busy(occasion);
  if (!workload) return;
  world.log(() => `the next read of ${workload.key} fails`);
  world.failing.set(workload.key, 1 + dice.below(2));
}

/** Who may edit pods says that they are of another revision. */
function editPods(occasion: Occasion): void {
  const { world, dice } = occasion;
  const isEvicted = ({ kind, workload }: Controlled): boolean =>
    kind === 'ReplicaSet' || workload.strategy === 'OnDelete';
  const workload = busy(occasion, (one) => world.isTenants(one) && isEvicted(one)) ?? busy(occasion);
  if (!workload) return;
  if (!isEvicted(workload) || dice.once(4)) {
    const pods = dice.once(2) ? workload.live : workload.live.slice(0, 1);
    const named = dice.pick(['default', 'canary', 'nobody']);
    world.log(() => `pods of ${workload.key} are said to be of revision ${named}`);
    for (const pod of pods) workload.edit(pod, named);
  } else if (dice.once(2)) renewOne(occasion, workload);
  else whenInFlight(occasion, workload, () => world.isTenants(workload) && toggleOne(occasion, workload));
}

/** Does something in the middle of the next restart of a workload. */
function whenInFlight(occasion: Occasion, workload: Controlled, act: () => void, tries = 120): void {
  const { world, dice } = occasion;
  if (workload.gone || tries === 0) return;
  const isInFlight = world.referee.inFlight().some((one) => one.workload === workload);
  if (isInFlight) world.time.after(dice.below(6 * SECOND), act);
  else world.time.after(2 * SECOND, () => whenInFlight(occasion, workload, act, tries - 1));
}

/** One pod is deleted by hand, so that it is new before the others are, and it is edited in the middle of their restart. */
function renewOne(occasion: Occasion, workload: Controlled): void {
  const { world } = occasion;
  const [first] = workload.live;
  if (!first) return;
  world.log(() => `${first.facts.name} is deleted by hand`);
  workload.evict(first);
  whenInFlight(occasion, workload, () => {
    const [oldest] = workload.live;
    if (!oldest) return;
    world.log(() => `${oldest.facts.name} is said to be of another revision`);
    workload.edit(oldest, 'nobody');
  });
}

/** A tenant makes a pod outdated and current again by turns, and lets nobody replace any. He goes on when all others are calm. */
function toggleOne({ world, dice }: Occasion, workload: Controlled): void {
  const every = (5 + dice.below(25)) * SECOND;
  world.log(() => `the tenant edits a pod of ${workload.key} again and again`);
  workload.annotate(RESTART_ANNOTATION, 'false');
  const toggle = (times: number): void => {
    const [pod] = workload.live;
    if (workload.gone || times === 0) return;
    const { revision, image } = world.plane.expected(workload);
    if (pod) workload.edit(pod, pod.facts.sidecar.revision === 'nobody' ? revision : 'nobody', image);
    world.time.after(every, () => toggle(times - 1));
  };
  toggle(150);
}

function optOutSomething(occasion: Occasion): void {
  const { world, dice } = occasion;
  const workload = busy(occasion, (one) => !isOptedOut(world, one));
  if (workload) optOut(world, dice, workload);
}

function orphanNamespace(occasion: Occasion): void {
  const { world, dice } = occasion;
  const workload = busy(occasion, (one) => !world.isTenants(one));
  if (workload) orphan(world, dice, workload.namespace);
}

function leaveNamespace(occasion: Occasion): void {
  const { world, dice } = occasion;
  const workload = busy(occasion, (one) => !world.isTenants(one));
  if (workload) narrowScope(world, dice, workload.namespace);
}

/** People say the words that steer Meltemi, in any order. */
function sayWords(occasion: Occasion): void {
  const { world, dice, count } = occasion;
  const say = (): void => {
    if (world.isCalm) return;
    const workload = busy(occasion);
    const [word, value] = dice.pick([
      [LEASE_ANNOTATION.paused, dice.pick(['', 'true', 'false', 'let me look', undefined, undefined])],
      [LEASE_ANNOTATION.paused, undefined],
      [LEASE_ANNOTATION.resume, dice.pick([`${count}`, `${world.time.now}`, '', undefined])],
      [RETRY, dice.pick(['', `${count}`, `${world.time.now}`, undefined])],
    ] as const);
    world.log(() => `somebody says ${word} ${value}${word === RETRY ? ` of ${workload?.key}` : ''}`);
    if (word !== RETRY) world.lease.annotate({ [word]: value });
    else workload?.annotate(RETRY, value);
  };
  for (let index = 0; index < 1 + dice.below(5); index++) world.time.after(dice.below(20 * SECOND), say);
}
