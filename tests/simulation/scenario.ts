import { BY_DEFAULT } from '../../src/compare/drift.ts';
import { ISTIO } from '../../src/expect/sources/istio.ts';
import { keyOf, type WorkloadKey, type WorkloadKind } from '../../src/model.ts';
import type { Policy } from '../../src/plan/policy.ts';
import type { Wave } from '../../src/plan/wave.ts';
import { policy } from '../builders/policy.ts';
import { type Dice, diceFor } from '../unit/fuzz/dice.ts';
import type { RevisionName } from './controlPlane.ts';
import { type CanaryDraft, PRIMARY } from './flagger.ts';
import { GATE } from './prometheus.ts';
import { RECEIVER } from './receiver.ts';
import { SHIFTS, type ShiftName } from './shifts.ts';
import { ALWAYS, drawOwnWindow, drawTimes, type Times, timePolicy } from './times.ts';
import { VAULT } from './vault.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** What an owner or a GitOps tool does about a template that is not as in its manifest. */
export const REVERTERS = ['delete-key', 'put', 'apply'] as const;
export type Reverter = (typeof REVERTERS)[number];

export interface WorkloadDraft {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  readonly strategy: 'RollingUpdate' | 'Recreate' | 'OnDelete';
  readonly maxUnavailable: number;
  readonly partition: number;
  readonly paused: boolean;
  readonly optedOut: boolean;
  /** Its pods ask not to be disrupted. */
  readonly undisturbed: boolean;
  /** Another manager applied the restart annotation once (server-side apply). */
  readonly claimed: boolean;
  /** Kind of the custom resource that owns it. */
  readonly owner: string | undefined;
  readonly reverter: Reverter | undefined;
  /** Label that PodDisruptionBudgets select by. */
  readonly group: string;
  readonly progressDeadline: number;
  /** Of a StatefulSet: its group of Grafana's rollout-operator. */
  readonly rolloutGroup: string | undefined;
  /** The template has the second sidecar's container itself. */
  readonly ownVault: boolean;
  /** Minutes of the run in which its annotation lets a restart begin. */
  readonly window: readonly (readonly [from: number, to: number])[] | 'unreadable' | undefined;
}

export interface BudgetDraft {
  readonly namespace: string;
  readonly name: string;
  readonly group: string;
  /** Pods of those covered that may be away; 0 allows nothing ever. */
  readonly maxUnavailable: number;
}

/** How often what happens, in a run: chances are among a hundred. */
export interface Knobs {
  readonly upgrades: number;
  readonly upgradeEvery: number;
  readonly hangs: number;
  readonly slow: number;
  readonly relapses: number;
  readonly failsOpen: number;
  readonly outages: number;
  readonly mishaps: number;
  readonly slowCalls: number;
  readonly crashes: number;
  /** Chance that the process ends in the moment in which a write of its lands. */
  readonly crashesOnLanding: number;
  readonly freezes: number;
  /** How often a replica of istiod is behind for a while, just when another process begins to lead. */
  readonly behind: number;
  readonly processes: number;
  readonly people: number;
  readonly broken: number;
  /** How often somebody deletes the journal, or the whole Lease; only where no process ends that still knows it. */
  readonly vandals: number;
}

export const FLAVOURS = [
  'plain',
  'flapping',
  'relapsing',
  'failing',
  'reverting',
  'crowded',
  'frozen',
  'faulty',
  'mixed',
  'sidecars',
  'zones',
  'waves',
] as const;
/** In which the ground shifts: it has seeds of its own, so that those of the others stay as they are. */
export const SHIFTING = 'shifting';
export const SHIFTING_FROM = 1_000_000;
export type Flavour = (typeof FLAVOURS)[number] | typeof SHIFTING;

/** What the cluster's admission does about Meltemi's annotations on workloads: let them stand, take them away, or refuse the write. */
export const ADMISSIONS = ['keeps', 'strips', 'refuses'] as const;

export interface Scenario {
  readonly flavour: Flavour;
  readonly admission: (typeof ADMISSIONS)[number];
  readonly policy: Policy;
  readonly reconcilePeriod: number;
  readonly namespaces: readonly string[];
  /** Whose workloads come before all others, or after them. */
  readonly tenant: { readonly namespace: string; readonly workloads: readonly WorkloadDraft[] };
  readonly workloads: readonly WorkloadDraft[];
  readonly budgets: readonly BudgetDraft[];
  /** One of them may be the target or the primary of a Canary of Flagger. */
  readonly canary?: CanaryDraft;
  /** A second sidecar, for which the policy wants an image: `new` where its injector gives that, `late` where it does some time later. */
  readonly vault: 'new' | 'late' | 'never' | undefined;
  /** Restarts are made for how Istio's proxy is configured, too, and autoscalers change that in running pods. */
  readonly configured: boolean;
  /** Whether answers are shared among like templates, and whether one of them is not like the others in truth. */
  readonly sharing: 'none' | 'alike' | 'unlike';
  /** Whether one runs, for which the policy may say `onDelete: annotate`. */
  readonly hasRolloutOperator?: boolean;
  readonly times: Times;
  readonly own: WorkloadKey | undefined;
  /** Where namespaces and control planes begin, if not all at the revision `default` and at one version. */
  readonly start?: MeshStart;
  readonly visible: boolean;
  /** How often the ground shifts, and in which ways. */
  readonly shifts?: { readonly acts: number; readonly kinds: readonly ShiftName[] };
  /** Each namespace is scanned by itself, with rights in it that it takes along when it is deleted. */
  readonly isByNamespace?: boolean;
  /** Pods take a quarter of an hour until they are ready, and restarts may. */
  readonly isLong?: boolean;
  /** Milliseconds from the beginning until nothing happens any more but what operators and controllers do. */
  readonly eventful: number;
  /** Milliseconds by which watches lag. */
  readonly lag: number;
  readonly knobs: Knobs;
}

/** What a mesh is at first. */
export interface MeshStart {
  readonly versions: Readonly<Record<RevisionName, string>>;
  readonly tags: Readonly<Record<string, RevisionName>>;
  /** Revisions or tags of namespaces; `default` for those that are left out. */
  readonly labels: Readonly<Record<string, string>>;
}

export const CALM: Knobs = {
  upgrades: 1,
  upgradeEvery: 3 * MINUTE,
  hangs: 0,
  slow: 10,
  relapses: 0,
  failsOpen: 0,
  outages: 0,
  mishaps: 0,
  slowCalls: 0,
  crashes: 0,
  crashesOnLanding: 0,
  freezes: 0,
  behind: 0,
  processes: 1,
  people: 0,
  broken: 0,
  vandals: 0,
};

const KNOBS: Readonly<Record<Flavour, Partial<Knobs>>> = {
  plain: {},
  flapping: { upgrades: 6, upgradeEvery: 100 * SECOND, slow: 25 },
  relapsing: { upgrades: 2, relapses: 14 },
  failing: { hangs: 50, upgrades: 2, slow: 20, slowCalls: 10, people: 2, failsOpen: 2, vandals: 1 },
  reverting: { upgrades: 3, upgradeEvery: 2 * MINUTE, people: 1, crashes: 2 },
  crowded: { upgrades: 2, slow: 40, slowCalls: 10, vandals: 2 },
  frozen: { processes: 2, freezes: 3, behind: 3, upgrades: 4, upgradeEvery: 2 * MINUTE, slowCalls: 15 },
  faulty: { mishaps: 60, slowCalls: 40, crashes: 2, crashesOnLanding: 15, broken: 2, outages: 2, upgrades: 2 },
  sidecars: { upgrades: 3, upgradeEvery: 2 * MINUTE, hangs: 5, slow: 20, crashes: 1, crashesOnLanding: 5, people: 1 },
  waves: {
    upgrades: 3,
    upgradeEvery: 3 * MINUTE,
    hangs: 8,
    slow: 20,
    slowCalls: 5,
    crashes: 2,
    crashesOnLanding: 5,
    freezes: 1,
    processes: 2,
    people: 1,
  },
  shifting: {
    upgrades: 4,
    upgradeEvery: 2 * MINUTE,
    hangs: 10,
    slow: 40,
    mishaps: 3,
    slowCalls: 5,
    crashesOnLanding: 2,
    processes: 2,
    people: 2,
  },
  zones: { upgrades: 3, upgradeEvery: 2 * MINUTE, hangs: 5, slow: 40, slowCalls: 10, crashes: 1, crashesOnLanding: 10 },
  mixed: {
    upgrades: 3,
    hangs: 12,
    slow: 20,
    relapses: 2,
    failsOpen: 1,
    outages: 1,
    mishaps: 20,
    slowCalls: 15,
    crashes: 1,
    crashesOnLanding: 5,
    freezes: 1,
    processes: 2,
    people: 6,
    broken: 1,
  },
};

/** Seeds take turns at the flavours. */
export const flavourOf = (seed: number): Flavour =>
  seed >= SHIFTING_FROM ? SHIFTING : (FLAVOURS[seed % FLAVOURS.length] ?? 'plain');

/** Seeds of a flavour, one after the other. */
export function* seedsOf(flavour: Flavour, count: number): Generator<number> {
  const index = (FLAVOURS as readonly Flavour[]).indexOf(flavour);
  const [first, step] = index < 0 ? [SHIFTING_FROM, 1] : [index, FLAVOURS.length];
  for (let run = 0; run < count; run++) yield first + run * step;
}

/** Where policies have windows, freezes and metric gates. In the others these would hold the restarts in which their faults show. */
const STEERED: ReadonlySet<Flavour> = new Set<Flavour>(['waves', 'mixed']);

/** Everything that a run is made of, from its dice. */
export function drawScenario(seed: number, dice: Dice): Scenario {
  const scenario = drawGround(seed, dice);
  return scenario.flavour === SHIFTING ? shifting(scenario, diceFor(seed, 14), later(seed)) : scenario;
}

/** What came into these scenarios later has dice of its own, so that the others stay as they are. */
interface Later {
  readonly hasRolloutOperator: boolean;
  readonly hasOptOuts: boolean;
  /** Labels and webhooks go, and pods may lose their sidecar then. */
  readonly hasOrphans: boolean;
  /** `--namespaces` is edited. */
  readonly hasScope: boolean;
}

const later = (seed: number): Later => ({
  hasRolloutOperator: diceFor(seed, 21).once(4),
  hasOptOuts: diceFor(seed, 22).once(4),
  hasOrphans: diceFor(seed, 30).once(4),
  hasScope: diceFor(seed, 29).once(4),
});

/** What shifts. In every other scenario of these the workloads are such as one kind of shift hits most. */
function shifting(
  scenario: Scenario,
  dice: Dice,
  { hasRolloutOperator, hasOptOuts, hasOrphans, hasScope }: Later,
): Scenario {
  const theme = dice.pick(['long', 'node', 'pods', 'rights', 'any', 'any', 'any', 'any'] as const);
  const { policy, namespaces, workloads, tenant, knobs } = scenario;
  const { kinds = SHIFTS.map(() => dice.pick(SHIFTS)).slice(-3), ofKinds } = THEMES[theme];
  const themed = (drafts: readonly WorkloadDraft[]): WorkloadDraft[] =>
    drafts.map((draft) => (ofKinds ? ofKind(draft, dice.pick(ofKinds), dice.below(3) > 0) : draft));
  const waves = theme === 'rights' || dice.once(2) ? drawWaves(dice, namespaces, false) : undefined;
  const isLong = theme === 'long';
  const drawn = themed(workloads);
  return {
    ...scenario,
    workloads: isLong ? drawn.map((draft) => ({ ...draft, replicas: 6 })) : drawn,
    tenant: { ...tenant, workloads: themed(tenant.workloads) },
    shifts: {
      acts: isLong ? 30 : 3 + dice.below(8),
      kinds: [...kinds, ...twice('optOut', hasOptOuts), ...twice('orphan', hasOrphans), ...twice('scope', hasScope)],
    },
    isByNamespace: dice.once(3) || hasScope,
    hasRolloutOperator,
    policy: {
      ...policy,
      ...(hasRolloutOperator && { onDelete: 'annotate' }),
      ...(hasOrphans && { restartOn: new Set([...BY_DEFAULT, 'orphaned'] as const) }),
      compareHub: dice.once(3),
      ...(waves && { waves }),
      ...(isLong && { restartTimeout: 20 * MINUTE }),
    },
    ...(isLong && { isLong, eventful: 200 * MINUTE, knobs: { ...knobs, upgrades: 1, people: 0 } }),
  };
}

const twice = (kind: ShiftName, isWanted: boolean): readonly ShiftName[] => (isWanted ? [kind, kind] : []);

interface Theme {
  readonly kinds?: readonly ShiftName[];
  readonly ofKinds?: readonly WorkloadKind[];
}

const THEMES: Readonly<Record<'long' | 'node' | 'pods' | 'rights' | 'any', Theme>> = {
  long: { kinds: ['reads'], ofKinds: ['StatefulSet', 'DaemonSet', 'Deployment'] },
  node: { kinds: ['node', 'node', 'namespace'], ofKinds: ['DaemonSet'] },
  pods: { kinds: ['pods', 'pods', 'words'], ofKinds: ['StatefulSet', 'DaemonSet', 'ReplicaSet'] },
  rights: { kinds: ['rights', 'rights', 'policy'], ofKinds: ['Rollout', 'Rollout', 'Deployment'] },
  any: {},
};

/** The same workload as one of another kind. */
const ofKind = (draft: WorkloadDraft, kind: WorkloadKind, onDelete: boolean): WorkloadDraft => ({
  ...draft,
  kind,
  strategy: onDelete && (kind === 'StatefulSet' || kind === 'DaemonSet') ? 'OnDelete' : 'RollingUpdate',
  maxUnavailable: kind === 'Deployment' ? draft.maxUnavailable : 1,
  partition: 0,
  paused: false,
  owner: kind === 'ReplicaSet' ? undefined : draft.owner,
  rolloutGroup: undefined,
});

function drawGround(seed: number, dice: Dice): Scenario {
  const flavour = flavourOf(seed);
  const namespaces = ['a', 'b', 'c'].slice(0, numberOfNamespaces(dice, flavour));
  const knobs = { ...CALM, ...KNOBS[flavour] };
  const calm = diceFor(seed, 4);
  const isGated = STEERED.has(flavour) && diceFor(seed, 9).once(2);
  const configured = flavour === 'sidecars' && diceFor(seed, 4).once(2);
  const clocks = diceFor(seed, 10);
  const times = drawTimes(clocks, namespaces, STEERED.has(flavour));
  const count = (['crowded', 'failing', 'waves', SHIFTING].includes(flavour) ? 5 : 3) + dice.below(5);
  const drawn = Array.from({ length: count }, (_, index) => drawWorkload(dice, flavour, namespaces, index));
  const { workloads, canary } = withCanary(drawn, diceFor(seed, 6));
  const groups = [...new Set(workloads.map(({ namespace, group }) => `${namespace}/${group}`))];
  const own = workloads.find(({ kind, owner }) => kind === 'Deployment' && owner === undefined);
  return {
    flavour,
    admission: dice.once(4) ? dice.pick(ADMISSIONS) : 'keeps',
    namespaces,
    tenant: drawTenant(diceFor(seed, 1), flavour),
    workloads: workloads.map((one) => ({
      ...one,
      undisturbed: calm.once(6),
      window: times === ALWAYS ? undefined : drawOwnWindow(clocks),
    })),
    times,
    ...(canary && { canary }),
    knobs,
    policy: {
      ...drawPolicy(dice, flavour),
      ...timePolicy(times),
      doNotDisrupt: calm.once(2) ? 'hold' : 'ignore',
      notify: [RECEIVER],
      ...(flavour === 'sidecars' && { sources: [ISTIO, VAULT] }),
      ...(isGated && { metricGates: [GATE] }),
      ...(flavour === 'waves' && { waves: drawWaves(diceFor(seed, 7), namespaces, isGated) }),
      ...(configured && { restartOn: new Set([...BY_DEFAULT, 'config'] as const) }),
    },
    reconcilePeriod: (2 + dice.below(3)) * MINUTE,
    budgets: groups.flatMap((place) => {
      const [namespace = '', group = ''] = place.split('/');
      const maxUnavailable = dice.once(6) ? 0 : 1 + dice.below(2);
      return dice.once(3) ? [{ namespace, name: `for-${group}`, group, maxUnavailable }] : [];
    }),
    vault: flavour === 'sidecars' ? diceFor(seed, 3).pick(['new', 'new', 'late', 'never'] as const) : undefined,
    configured,
    sharing: diceFor(seed, 12).pick(['none', 'alike', 'unlike'] as const),
    own: own && dice.once(5) ? keyOf(own) : undefined,
    visible: !dice.once(8),
    eventful: flavour === 'flapping' || flavour === 'relapsing' ? 12 * MINUTE : 8 * MINUTE,
    lag: dice.pick([20, 200, 1500]),
  };
}

function numberOfNamespaces(dice: Dice, flavour: Flavour): number {
  if (flavour === 'zones') return 1;
  return flavour === 'waves' || flavour === SHIFTING ? 2 + dice.below(2) : 1 + dice.below(3);
}

/**
 * One namespace first, and in every other scenario some workloads of the others next.
 * @param edition what is added to their names
 */
export function drawWaves(dice: Dice, namespaces: readonly string[], isGated: boolean, edition = ''): Wave[] {
  const draw = (name: string, match: Wave['match']): Wave => ({
    name: name + edition,
    match,
    bake: dice.pick([0, 30, 60, 120]) * SECOND,
    gates: isGated && dice.once(2) ? [GATE.name] : [],
    maxFailures: dice.once(4) ? 1 : 0,
    ...(dice.once(2) && { maxInFlight: 1 }),
  });
  const first = draw('first', [{ namespaces: [dice.pick(namespaces)] }]);
  return dice.once(2) ? [first, draw('second', [{ names: ['w1', 'w3', 'w5'] }])] : [first];
}

function drawPolicy(dice: Dice, flavour: Flavour): Policy {
  return policy({
    maxInFlight: 1 + dice.below(4),
    maxInFlightPerNamespace: flavour === 'zones' ? 3 : 1 + dice.below(3),
    maxRestartsPerMinute: dice.once(4) ? 1 + dice.below(3) : 0,
    pdb: dice.once(6) ? 'ignore' : 'respect',
    recreate: dice.once(6) ? 'hold' : 'restart',
    onDelete: dice.once(12) ? 'never' : 'evict',
    restartDelay: dice.once(4) ? (5 + dice.below(25)) * SECOND : 0,
    annotationCooldown: flavour === 'relapsing' ? 5 * SECOND : dice.pick([0, 20, 60, 120]) * SECOND,
    istiodConfigReadDelay: dice.pick([0, 3, 10]) * SECOND,
    restartTimeout: dice.pick([30, 45, 60]) * SECOND,
    failureBudget: dice.once(3) ? 1 + dice.below(2) : 3,
    failureBudgetPerNamespace: dice.once(3) ? 1 + dice.below(3) : 2,
    maxAttempts: dice.once(4) ? 2 : 1,
    maxRestartsPerDay: dice.pick([1, 2, 3, 3]),
  });
}

function drawWorkload(dice: Dice, flavour: Flavour, namespaces: readonly string[], index: number): WorkloadDraft {
  const kind = dice.pick(kindsOf(flavour));
  const replicas = 1 + dice.below(4);
  const strategy = flavour === 'zones' && dice.below(8) > 0 ? 'OnDelete' : drawStrategy(dice, kind);
  const reverts = dice.once({ reverting: 2, faulty: 4 }[flavour as string] ?? 12);
  return {
    kind,
    namespace: dice.pick(namespaces),
    name: `w${index}`,
    replicas,
    strategy,
    maxUnavailable: kind === 'Deployment' ? dice.pick([0, 0, 1]) : 1,
    partition: kind === 'StatefulSet' && dice.once(4) ? dice.below(replicas + 1) : 0,
    paused: kind === 'Deployment' && dice.once(20),
    optedOut: dice.once(20),
    undisturbed: false,
    claimed: dice.once(25),
    // a ReplicaSet with an owner is its owner's
    owner: dice.once(4) && kind !== 'ReplicaSet' ? dice.pick(['Kafka', 'Redis']) : undefined,
    reverter: reverts ? dice.pick(REVERTERS) : undefined,
    group: dice.pick(['x', 'y']),
    progressDeadline: dice.pick([20, 40, 600]) * SECOND,
    rolloutGroup: isGrouped(dice, kind, strategy)
      ? dice.pick(flavour === 'zones' ? ['zones'] : ['zones', 'ring'])
      : undefined,
    ownVault: flavour === 'sidecars' && dice.once(5),
    window: undefined,
  };
}

/** Makes one of them the target or the primary of a Canary, in every third scenario. */
function withCanary(drawn: readonly WorkloadDraft[], dice: Dice): Pick<Scenario, 'workloads' | 'canary'> {
  const chosen = dice.once(3) ? dice.pick(drawn) : undefined;
  if (!chosen) return { workloads: drawn };
  const role = dice.pick(['target', 'primary'] as const);
  const workload = role === 'target' ? chosen : primaryOf(chosen);
  return { workloads: drawn.map((one) => (one === chosen ? workload : one)), canary: { role, workload } };
}

/** Flagger owns it, unless it would not be restarted then, and takes no restart back. */
function primaryOf(draft: WorkloadDraft): WorkloadDraft {
  const name = `${draft.name}${PRIMARY}`;
  return draft.kind === 'ReplicaSet' ? { ...draft, name } : { ...draft, name, owner: 'Canary', reverter: undefined };
}

function kindsOf(flavour: Flavour): readonly WorkloadKind[] {
  if (flavour === 'zones') return ['StatefulSet'];
  return flavour === SHIFTING ? [...KIND_SHARES, 'DaemonSet', 'Rollout'] : KIND_SHARES;
}

const KIND_SHARES = [
  'Deployment',
  'Deployment',
  'Deployment',
  'StatefulSet',
  'StatefulSet',
  'DaemonSet',
  'Rollout',
  'ReplicaSet',
] as const;

/** His own dice, so that he changes nothing of the others' scenario. */
function drawTenant(dice: Dice, flavour: Flavour): Scenario['tenant'] {
  const namespace = dice.pick(['0-tenant', 'tenant']);
  const count = 1 + dice.below(3);
  const drafts = Array.from({ length: count }, (_, index) => drawWorkload(dice, flavour, [namespace], index));
  return { namespace, workloads: drafts.map((draft) => ({ ...draft, optedOut: false, reverter: undefined })) };
}

function drawStrategy(dice: Dice, kind: WorkloadKind): WorkloadDraft['strategy'] {
  const share = kind === 'Deployment' ? 12 : 3;
  if (dice.below(share) > 0 || kind === 'Rollout' || kind === 'ReplicaSet') return 'RollingUpdate';
  return kind === 'Deployment' ? 'Recreate' : 'OnDelete';
}

/** Most StatefulSets of the strategy OnDelete have a group, and seldom one of another, which mixes it. */
function isGrouped(dice: Dice, kind: WorkloadKind, strategy: WorkloadDraft['strategy']): boolean {
  if (kind !== 'StatefulSet') return false;
  return strategy === 'OnDelete' ? dice.below(3) > 0 : dice.once(20);
}
