import type { Flavour } from './scenario.ts';

/**
 * A rule of safe restarts that is taken away: a snippet of one source file, what stands there instead, and the invariant that must break.
 */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly snippet: string;
  readonly instead: string;
  readonly breaks: string;
  /** In which it shows best; any without. */
  readonly flavour?: Flavour;
  /** A seed that has shown it, played first: finding another one may take a thousand runs. */
  readonly shown?: number;
}

const RULE_LIST = 'src/plan/rules/rules.ts';
const LIMITS = 'src/plan/limits';
const COUNTS = `${LIMITS}/counts.ts`;
const HALTS = 'src/plan/halts.ts';
const ENTRY = 'src/plan/journalEntry.ts';
const JOURNAL = 'src/journal/journal.ts';
const WRITER = 'src/restart/restartWriter.ts';
const FOLLOWER = 'src/restart/restartFollower.ts';

const JUDGEMENT = 'src/metricGates/judgement.ts';

/** Metric gates. */
const METRIC_GATES: readonly Mutant[] = [
  {
    name: 'without metric gates',
    file: RULE_LIST,
    snippet: '  backingOff,\n  metricGate,\n',
    instead: '  backingOff,\n',
    breaks: 'metric-gate',
  },
  {
    name: 'taking no sample for a good one',
    file: JUDGEMENT,
    snippet: "if (!first) return unanswered('the query gives no sample');",
    instead: "if (!first) return { isOpen: true, isAnswered: true, detail: '' };",
    breaks: 'metric-gate',
    shown: 83,
  },
  {
    name: 'reading the first sample only',
    file: JUDGEMENT,
    snippet: 'const broken = samples.filter(',
    instead: 'const broken = samples.slice(0, 1).filter(',
    breaks: 'metric-gate',
  },
  {
    name: 'trusting answers however old they are',
    file: 'src/plan/metricGate.ts',
    snippet: 'return age <= COUNTS_FOR ? undefined : ',
    instead: 'return age <= Infinity ? undefined : ',
    breaks: 'metric-gate',
    shown: 47,
  },
  {
    name: 'keeping an open gate open while Prometheus is silent',
    file: 'src/metricGates/metricGates.ts',
    snippet: 'state: { ...judgement, askedAt } });',
    instead:
      'state: { ...judgement, isOpen: judgement.isOpen || ' +
      '(!judgement.isAnswered && this.#known.get(gate.name)?.state.isOpen === true), askedAt } });',
    breaks: 'metric-gate',
  },
  {
    name: 'ending a bake without a look at its gates',
    file: 'src/plan/waveStanding.ts',
    snippet: "return closed.length > 0 ? { state: 'baking', detail: closedWords(closed) } : undefined;",
    instead: 'return undefined;',
    breaks: 'wave-gate',
    flavour: 'waves',
    shown: 611,
  },
  {
    name: 'holding no wave by the gates that waves name',
    file: 'src/plan/closedMetricGates.ts',
    snippet: 'return !isOfAnotherWave && ',
    instead: 'return naming.length === 0 && ',
    breaks: 'metric-gate',
    flavour: 'waves',
  },
  {
    name: 'without a look at metric gates between two pods',
    file: 'src/plan/rules/metricGate.ts',
    snippet: '  betweenPods: true,\n',
    instead: '',
    breaks: 'metric-gate',
    shown: 227,
  },
];

/** Rules of the specification. */
const RULES: readonly Mutant[] = [
  {
    name: 'without the cooldown',
    file: RULE_LIST,
    snippet: '  cooldown,\n  backingOff,\n',
    instead: '  backingOff,\n',
    breaks: 'cooldown',
  },
  {
    name: 'restarting the target of a Canary',
    file: 'src/plan/assess.ts',
    snippet: "if (canary?.role === 'target')",
    instead: 'if (false)',
    breaks: 'canary-target',
  },
  {
    name: 'without waiting for an analysis',
    file: RULE_LIST,
    snippet: '  canaryAnalysis,\n  rolling,',
    instead: '  rolling,',
    breaks: 'canary-analysis',
  },
  {
    name: 'without reading the journal of former leaders',
    file: JOURNAL,
    snippet: 'for (const [key, stored] of read.entries) this.#entries.set(key, this.#loaded(stored, before.get(key)));',
    instead: '',
    breaks: 'max-in-flight',
    flavour: 'faulty',
  },
  {
    name: 'without knowing a restart by the journal',
    file: ENTRY,
    snippet: 'return entry?.uid === workload.uid ? entry : undefined;',
    instead: 'return undefined;',
    breaks: 'episode',
    shown: 52,
  },
  {
    name: 'without the failure budget',
    file: HALTS,
    snippet: 'if (sum < failureBudget || (failed.length < 2 && !isAlone(run, known))) return undefined;',
    instead: 'return undefined;',
    breaks: 'halted',
    flavour: 'failing',
  },
  {
    name: "without a namespace's own failure budget",
    file: HALTS,
    snippet: 'if (here >= share)\n',
    instead: 'if (false)\n',
    breaks: 'halted',
    flavour: 'failing',
  },
  {
    name: 'without a halt where the webhook fails open',
    file: HALTS,
    snippet: 'if (open !== undefined) {',
    instead: 'if (false) {',
    breaks: 'halted',
    flavour: 'failing',
  },
  {
    name: 'without the limit in flight',
    file: `${LIMITS}/maxInFlight.ts`,
    snippet: 'if (inFlight < most) return',
    instead: 'return',
    breaks: 'max-in-flight',
  },
  {
    name: 'without the limit in a namespace',
    file: `${LIMITS}/maxInFlightPerNamespace.ts`,
    snippet: 'if (here < most) return',
    instead: 'return',
    breaks: 'max-in-flight-per-namespace',
    shown: 36,
  },
  {
    name: 'without asking who must not be disrupted',
    file: RULE_LIST,
    snippet: '  doNotDisrupt,\n',
    instead: '',
    breaks: 'target',
  },
  {
    name: 'without looking at budgets',
    file: RULE_LIST,
    snippet: '  budgets,\n  cooldown,\n',
    instead: '  cooldown,\n',
    breaks: 'pdb-spent',
    flavour: 'crowded',
  },
  {
    name: 'without turns under one budget',
    file: `${LIMITS}/limits.ts`,
    snippet: '  oneUnderABudget,\n  oneOfARolloutGroup,\n',
    instead: '  oneOfARolloutGroup,\n',
    breaks: 'pdb-shared',
    flavour: 'crowded',
    shown: 245,
  },
  {
    name: 'without turns for one owner kind',
    file: `${LIMITS}/limits.ts`,
    snippet: '  oneOfAnOwnerKind,\n  firstOfItsKind,\n',
    instead: '  firstOfItsKind,\n',
    breaks: 'owner-kind',
  },
  {
    name: 'without the fence',
    file: 'src/leader/leaderElection.ts',
    snippet: 'if (this.isLeading) return;\n    this.#endTerm(this.#tooLate());',
    instead: 'return;',
    breaks: 'lease',
    flavour: 'frozen',
    shown: 1158,
  },
  {
    name: 'without the daily cap',
    file: RULE_LIST,
    snippet: '  dailyCap,\n',
    instead: '',
    breaks: 'daily-cap',
  },
  {
    name: 'with reverted treated like never restarted',
    file: 'src/plan/rules/gaveUp.ts',
    snippet: "if (restartedFor !== wanted || outcome === 'verified' ||",
    instead: "if (restartedFor !== wanted || outcome === 'reverted' || outcome === 'verified' ||",
    breaks: 'reverted',
  },
  {
    name: 'without heed to an owner that reverts',
    file: RULE_LIST,
    snippet: '  ownerReverts,\n',
    instead: '',
    breaks: 'owner-reverts',
    flavour: 'reverting',
  },
  {
    name: 'without giving up',
    file: RULE_LIST,
    snippet: '  gaveUp,\n',
    instead: '',
    breaks: 'episode',
    flavour: 'relapsing',
  },
  {
    name: 'without the restart delay',
    file: `${LIMITS}/restartDelay.ts`,
    snippet: 'return least > 0 && until > now',
    instead: 'return false',
    breaks: 'restart-delay',
  },
  {
    name: 'without the rate',
    file: `${LIMITS}/maxRestartsPerMinute.ts`,
    snippet: 'if (rate <= 0) return',
    instead: 'return',
    breaks: 'rate',
  },
  {
    name: 'with broken watches trusted',
    file: RULE_LIST,
    snippet: '  watchStale,\n',
    instead: '',
    breaks: 'stale',
    flavour: 'faulty',
  },
  {
    name: 'without the gates',
    file: RULE_LIST,
    snippet: '  ...GATES.map(gateRule),\n',
    instead: '',
    breaks: 'gate',
  },
  {
    name: "deaf to a person's pause",
    file: RULE_LIST,
    snippet: '  operatorPaused,\n',
    instead: '',
    breaks: 'operator-paused',
    flavour: 'mixed',
  },
  {
    name: 'without heed to paused rollouts',
    file: RULE_LIST,
    snippet: '  paused,\n  rolloutPaused,\n',
    instead: '  rolloutPaused,\n',
    breaks: 'target',
    flavour: 'plain',
  },
];

/** Rules of several sidecars. */
const SIDECARS: readonly Mutant[] = [
  {
    name: 'restarting again for a configuration that came back',
    file: RULE_LIST,
    snippet: '  configRemains,\n  gaveUp,\n',
    instead: '  gaveUp,\n',
    breaks: 'config-repeated',
    flavour: 'sidecars',
  },
  {
    name: 'restarting for a container of the template',
    file: 'src/compare/judge.ts',
    snippet: 'if (source && isInTemplate(source, workload.template))',
    instead: 'if (false)',
    breaks: 'target',
    flavour: 'sidecars',
  },
  {
    name: 'a restart of its own for each sidecar',
    file: 'src/plan/plan.ts',
    snippet: 'const [free, ...together] =',
    instead: 'const together = [];\n  const [free] =',
    breaks: 'together',
    flavour: 'sidecars',
  },
  {
    name: 'forgetting what another sidecar was given up for',
    file: 'src/plan/nextEntry.ts',
    snippet: '...stillKnown(planned, [planned, ...together])',
    instead: '',
    breaks: 'episode',
    flavour: 'sidecars',
    shown: 357,
  },
  {
    name: 'going on towards an image that its injector does not give',
    file: HALTS,
    snippet: 'if (wrong !== undefined) {',
    instead: 'if (false) {',
    breaks: 'halted',
    flavour: 'sidecars',
  },
];

const CLOSED = 'src/plan/windows/closedWindows.ts';

/** Rules of the times at which restarts may begin. */
const TIMES: readonly Mutant[] = [
  {
    name: 'without windows',
    file: RULE_LIST,
    snippet: '  freeze,\n  window,\n',
    instead: '  freeze,\n',
    breaks: 'window',
  },
  {
    name: 'with the windows of others',
    file: CLOSED,
    snippet: '({ match }) => match === undefined || ',
    instead: '({ match }) => match && ',
    breaks: 'window',
    shown: 44,
  },
  {
    name: 'without freezes',
    file: RULE_LIST,
    snippet: '  freeze,\n  window,\n',
    instead: '  window,\n',
    breaks: 'freeze',
  },
  {
    name: 'with the first of two freezes alone',
    file: 'src/plan/windows/freeze.ts',
    snippet: 'freezes.filter(({ to }) => to > at)',
    instead: 'freezes.slice(0, 1).filter(({ to }) => to > at)',
    breaks: 'freeze',
  },
  {
    name: 'going on where an annotation cannot be read',
    file: RULE_LIST,
    snippet: '  windowUnreadable,\n',
    instead: '',
    breaks: 'window-unreadable',
    shown: 140,
  },
  {
    name: 'letting an annotation widen the windows of the policy',
    file: CLOSED,
    snippet: '...(matching.length > 0 ?',
    instead: '...(matching.length > 0 && own.length === 0 ?',
    breaks: 'window',
    shown: 248,
  },
  {
    name: 'without windows of workloads',
    file: CLOSED,
    snippet: "ownWindowsOf(placed).filter(({ reading }) => 'windows' in reading)",
    instead: 'ownWindowsOf(placed).slice(0, 0)',
    breaks: 'own-window',
  },
  {
    name: 'calling everything urgent',
    file: 'src/plan/windows/urgent.ts',
    snippet: "image !== '' && urgent.some(({ images }) => anyMatches(images, image))",
    instead: 'urgent.length > 0',
    breaks: 'window',
    shown: 44,
  },
  {
    name: 'letting what is urgent pass the limits',
    file: 'src/plan/throttle.ts',
    snippet: 'const wait = this.#waitOf(assessed, key);',
    instead: `const urgent = this.#context.policy.urgent?.[0]?.images[0].replace('*', 'docker.io/istio');
    const wait = assessed.verdict.expected.image === urgent ? undefined : this.#waitOf(assessed, key);`,
    breaks: 'max-in-flight',
    shown: 128,
  },
];

/** Mistakes that the simulation has found, made again. */
const MISTAKES: readonly Mutant[] = [
  {
    name: 'keeping answers of old replicas',
    file: 'src/operator.ts',
    snippet: 'for (const injection of unmixed(this.#mesh, mesh)) injectors.forget(injection);',
    instead: '',
    breaks: 'wave-skipped',
    flavour: 'waves',
    shown: 2375,
  },
  {
    name: 'taking the time in the journal for that of the write',
    file: JOURNAL,
    snippet: 'wall() - stored.restartedAt - WRITTEN_WITHIN - CUT',
    instead: 'wall() - stored.restartedAt',
    breaks: 'rate',
    flavour: 'faulty',
    shown: 499,
  },
  {
    name: 'not counting a restart that is about to be written',
    file: COUNTS,
    snippet: '      this.#note(context.now);\n    }\n',
    instead: '    }\n',
    breaks: 'restart-delay',
    flavour: 'crowded',
  },
  {
    name: 'forgetting a failure once it has been seen',
    file: JOURNAL,
    snippet: "if (fate !== 'forgotten') continue;",
    instead: "if (fate !== 'forgotten' && !entry.outcome.startsWith('failed:')) continue;",
    breaks: 'halted',
    flavour: 'failing',
  },
  {
    name: 'taking a write whose answer was lost for none',
    file: WRITER,
    snippet: 'if (wasNotDone(error)) throw error;',
    instead: 'throw error;',
    breaks: 'episode',
    flavour: 'faulty',
    shown: 367,
  },
  {
    name: 'not asking the rules again in the moment of sending',
    file: WRITER,
    snippet: 'const wait = waitOf(assessed, ruleContext);',
    instead: 'const wait = undefined;',
    breaks: 'halted',
    flavour: 'failing',
    shown: 819,
  },
  {
    name: 'following nobody whose workload was made anew',
    file: 'src/restart/restarts.ts',
    snippet: 'if (seen.get(key) === uid) continue;',
    instead: 'if (seen.has(key)) continue;',
    breaks: 'liveness',
    flavour: 'faulty',
    shown: 415,
  },
  {
    name: 'closing at once again what the mesh of the moment speaks against',
    file: 'src/restart/restartEnding.ts',
    snippet: "throw new PlanOvertaken('its pods are no longer current');",
    instead: 'return observed;',
    breaks: 'reads',
    flavour: 'flapping',
    shown: 985,
  },
  {
    name: 'counting a restart only once its write is known to have been done',
    file: COUNTS,
    snippet: 'if (!entry.outcome) this.#countEntry(',
    instead: 'if (!entry.outcome && entry.confirmed) this.#countEntry(',
    breaks: 'max-in-flight',
    flavour: 'crowded',
  },
];

/** What a tenant writes taken for more than his own workload's affair, and what the journal is there for left out. */
const TRUST: readonly Mutant[] = [
  {
    name: 'counting records on workloads as slots',
    file: COUNTS,
    snippet: '    for (const key of context.starting) {\n',
    instead: `    for (const one of assessed) {
      const { annotations } = one.workload;
      const isOpen = annotations['meltemi.dev/restarted-at'] && !annotations['meltemi.dev/outcome'];
      if (isOpen && !context.journal.has(keyOf(one.workload))) this.#count(one);
    }
    for (const key of context.starting) {\n`,
    breaks: 'liveness',
  },
  {
    name: 'following what a record on a workload calls in flight',
    file: ENTRY,
    snippet: 'export const isInFlight = ({ entry }: { readonly entry?: JournalEntry | undefined }): boolean =>',
    instead: `import { recordOf } from './record.ts';
export const isInFlight = ({ entry, workload }) =>
  entry ? !entry.outcome : Boolean(recordOf(workload)) && !recordOf(workload).outcome;
const _unused = ({ entry }: { readonly entry?: JournalEntry | undefined }): boolean =>`,
    breaks: 'reads',
    shown: 28,
  },
  {
    name: 'following a time in a template that lies ahead',
    file: 'src/plan/nextEntry.ts',
    snippet: 'Math.max(wall, workload.createdAt, before)',
    instead: 'Math.max(wall, before, (lastBegun(workload) ?? 0) + 1000)',
    breaks: 'journal',
    shown: 529,
  },
  {
    name: 'halting all for the failures of one namespace',
    file: HALTS,
    snippet: 'if (sum < failureBudget || (failed.length < 2 && !isAlone(run, known))) return undefined;',
    instead: 'if (failed.reduce((sum, [, count]) => sum + count, 0) < failureBudget) return undefined;',
    breaks: 'liveness',
    flavour: 'failing',
    shown: 915,
  },
  {
    name: 'halting all where the webhook fails open in one namespace',
    file: HALTS,
    snippet: 'return where.size > 1 || isAlone(run, known) ? first : undefined;',
    instead: 'return first;',
    breaks: 'liveness',
    shown: 62,
  },
  {
    name: 'letting a pause hold a slot',
    file: 'src/restart/patience.ts',
    snippet: 'people: over < restartTimeout,',
    instead: 'people: true,',
    breaks: 'slot-held',
    shown: 307,
  },
  {
    name: 'writing the intent down when it may be too late',
    file: JOURNAL,
    snippet: '      await this.#writes.now();\n    } catch',
    instead: '      this.#storeSoon();\n    } catch',
    breaks: 'journal',
  },
  {
    name: 'concluding at once that nothing was written',
    file: FOLLOWER,
    snippet: 'const LANDS_WITHIN = 70_000;',
    instead: 'const LANDS_WITHIN = 0;',
    breaks: 'max-in-flight',
    flavour: 'faulty',
  },
  {
    name: 'forgetting the restart before one that was not made',
    file: JOURNAL,
    snippet:
      'if (entry.before) this.#entries.set(keyOf(ref), entry.before);\n    else this.#entries.delete(keyOf(ref));',
    instead: 'this.#entries.delete(keyOf(ref));',
    breaks: 'liveness',
    flavour: 'faulty',
  },
  {
    name: 'taking another workload of the same name for the one that was restarted',
    file: FOLLOWER,
    snippet: '|| workload.uid !== entry.uid) {',
    instead: ') {',
    breaks: 'ends',
    shown: 41,
  },
];

const EVICTED = 'src/plan/evictions.ts';

/** Rules of restarts by evictions. */
const EVICTIONS: readonly Mutant[] = [
  {
    name: 'evicting pods that are current',
    file: 'src/restart/evictions.ts',
    snippet: 'const outdatedIn = (assessed: Assessed, entry: JournalEntry): ReadonlySet<string> =>',
    instead: `const outdatedIn = () => ({ has: () => true });
const _unused = (assessed: Assessed, entry: JournalEntry): ReadonlySet<string> =>`,
    breaks: 'evicted-current',
  },
  {
    name: 'evicting more than may be unavailable',
    file: EVICTED,
    snippet: 'const spare = Math.max(0, workload.maxUnavailable - unavailable);',
    instead: 'const spare = ordered.length;',
    breaks: 'evicted-overlap',
  },
  {
    name: 'taking the pods that it has brought for old ones',
    file: 'src/restart/evictions.ts',
    snippet: "=> (found.has(pod.uid) ? ofFound(pod) : 'brought');",
    instead: "=> (found.has(pod.uid) ? ofFound(pod) : 'old');",
    breaks: 'evicted-twice',
    flavour: 'failing',
  },
  {
    name: 'without rollout groups',
    file: 'src/plan/rolloutGroups.ts',
    snippet: 'rolloutGroup && `',
    instead: 'undefined && `',
    breaks: 'evicted-zones',
    flavour: 'zones',
  },
  {
    name: 'rolling out a template that its owners have not',
    file: EVICTED,
    snippet: 'const missing = replacedPods(workload) - updated;',
    instead: 'const missing = 0;',
    breaks: 'evicted-template',
    flavour: 'mixed',
    shown: 9668,
  },
  {
    name: 'without a look at the pause between two pods',
    file: 'src/plan/rules/operatorPaused.ts',
    snippet: '  betweenPods: true,\n',
    instead: '',
    breaks: 'operator-paused',
    flavour: 'mixed',
    shown: 476,
  },
  {
    name: 'restarting for the answer to a like template',
    file: 'src/observe/answers.ts',
    snippet: 'return fresh ? injectors.askAfresh(question) : injectors.ask(question);',
    instead: 'return injectors.ask(question);',
    breaks: 'answer',
  },
  {
    name: 'without a fresh answer before each eviction',
    file: 'src/restart/evictions.ts',
    snippet: 'const fresh = await observer.assess(mesh(), observed, true);',
    instead: 'const fresh = await observer.assess(mesh(), observed);',
    breaks: 'answer',
    shown: 47,
  },
  {
    name: 'evicting whatever the budgets allow where the policy ignores them',
    file: 'src/plan/budget.ts',
    snippet: "return refuses ? budgets.filter(({ name }) => name !== '') : [];",
    instead: 'return [];',
    breaks: 'pdb-spent',
    flavour: 'zones',
    shown: 310,
  },
  {
    name: 'restarting a Rollout in the middle of an update',
    file: RULE_LIST,
    snippet: '  updatePending,\n',
    instead: '',
    breaks: 'target',
    shown: 266,
  },
  {
    name: 'writing the template of a Rollout',
    file: 'src/restart/byRestartAt.ts',
    snippet: 'spec: { restartAt: timestamp(restartedAt) } }),',
    instead: "spec: { restartAt: timestamp(restartedAt), template: { metadata: { annotations: { by: 'us' } } } } }),",
    breaks: 'target',
  },
];

/** Rules of waves. */
const WAVES: readonly Mutant[] = [
  {
    name: 'without waiting for an earlier wave',
    file: RULE_LIST,
    snippet: '  wave,\n',
    instead: '',
    breaks: 'wave-order',
    flavour: 'waves',
  },
  {
    name: 'without waiting for what is still to be restarted in an earlier wave',
    file: 'src/plan/waveTally.ts',
    snippet: 'if (!context.isHeld(one)) countLeft(one.workload, into);',
    instead: '',
    breaks: 'wave-skipped',
    flavour: 'waves',
  },
  {
    name: 'without a bake',
    file: RULE_LIST,
    snippet: '  waveBaking,\n',
    instead: '',
    breaks: 'wave-bake',
    flavour: 'waves',
  },
  {
    name: 'counting a bake from the beginning of a restart',
    file: 'src/plan/waveTally.ts',
    snippet: 'return past(entry.endedAt, context);',
    instead: 'return past(entry.restartedAt, context);',
    breaks: 'wave-bake',
    flavour: 'waves',
  },
  {
    name: 'going on after a wave that has failed',
    file: 'src/plan/waveStanding.ts',
    snippet: 'if (failed > wave.maxFailures)',
    instead: 'if (false)',
    breaks: 'wave-failed',
    flavour: 'waves',
    shown: 335,
  },
  {
    name: 'without the limit in a wave',
    file: `${LIMITS}/maxInFlightPerWave.ts`,
    snippet: 'inFlight < wave.maxInFlight',
    instead: 'true',
    breaks: 'max-in-flight-per-wave',
    flavour: 'waves',
  },
  {
    name: 'waiting for what its people hold',
    file: 'src/plan/rules/rules.ts',
    snippet: 'return finding !== undefined && (rule.holdsNoWave',
    instead: 'return false && finding !== undefined && (rule.holdsNoWave',
    breaks: 'liveness',
    flavour: 'waves',
  },
  {
    name: 'restarting later waves first',
    file: 'src/plan/waveHold.ts',
    snippet: '.slice(0, waves.of.indexOf(workload));',
    instead: '.slice(waves.of.indexOf(workload) + 1);',
    breaks: 'wave-skipped',
    flavour: 'waves',
  },
];

/** News of runs. */
const NEWS: readonly Mutant[] = [
  {
    name: 'telling what was told',
    file: 'src/notify/runNews.ts',
    snippet: 'if (told.has(one.key) || before >= MOST_OF_EVENT) return [];',
    instead: 'if (before >= MOST_OF_EVENT) return [];',
    breaks: 'told-once',
  },
  {
    name: 'keeping in the journal what a receiver has got',
    file: 'src/notify/notifier.ts',
    snippet: '(ids.has(one.id) ? without(one, receiver) : one)',
    instead: 'one',
    breaks: 'told-once',
  },
];

/** Answers that change although nothing else does. */
const ANSWERS: readonly Mutant[] = [
  {
    name: 'believing a replica that is behind',
    file: 'src/plan/rules/answerContradicted.ts',
    snippet: 'lasts: 30_000,',
    instead: 'lasts: 0,',
    breaks: 'behind',
    flavour: 'frozen',
  },
  {
    name: 'learning from pods that a replica that is behind has made',
    file: 'src/compare/learntImage.ts',
    snippet: "if (b.digest !== '') return",
    instead: "if (b.digest !== '' || a.tag !== '') return",
    breaks: 'verified',
    flavour: 'frozen',
    shown: 8562,
  },
  {
    name: 'closing a restart by the answer of a replica that is behind',
    file: 'src/plan/reached.ts',
    snippet: 'injection?.run !== run || fingerprint(verdict.expected) === restartedFor;',
    instead: 'true;',
    breaks: 'verified',
    flavour: 'frozen',
    shown: 2022,
  },
  {
    name: 'keeping the first answers of an epoch for an hour',
    file: 'src/expect/keptAnswers.ts',
    snippet: 'this.#epochsSettleAt.get(epoch) ?? this.#now() + UNSETTLED;',
    instead: 'this.#epochsSettleAt.get(epoch) ?? this.#now();',
    breaks: 'liveness',
    flavour: 'frozen',
    shown: 17058,
  },
];

/** Rules of a ground that shifts: namespaces, nodes, pods and the policy. */
const SHIFTS: readonly Mutant[] = [
  {
    name: 'restarting in a namespace that is being deleted',
    file: 'src/plan/assess.ts',
    snippet: 'if (!namespaceOf(mesh, workload).deleting) return undefined;',
    instead: 'return undefined;',
    breaks: 'terminating',
    flavour: 'shifting',
  },
  {
    name: 'forgetting restarts of kinds that may not be listed for a while',
    file: 'src/observe/scans.ts',
    snippet: 'return schedule.kinds.has(kind) && this.#options.observer.mayList(kind, namespace);',
    instead: 'return true;',
    breaks: 'episode',
    flavour: 'shifting',
    shown: 1_000_018,
  },
  {
    name: 'evicting pods from lost nodes',
    file: 'src/observe/observer.ts',
    snippet: 'return { observed, pods: reachable };',
    instead: 'return { observed, pods };',
    breaks: 'evicted-lost',
    flavour: 'shifting',
    shown: 1_000_559,
  },
  {
    name: 'evicting on although somebody has opted out',
    file: 'src/plan/rules/optedOut.ts',
    snippet: '  betweenPods: true,\n  check(assessed) {',
    instead: '  check(assessed) {',
    breaks: 'opted-out',
    flavour: 'shifting',
    shown: 1_000_445,
  },
  {
    name: 'waiting for ever with more outdated pods than at first',
    file: 'src/restart/evictions.ts',
    snippet: 'const held = usedUp(state) ?? ',
    instead: 'const held = ',
    breaks: 'slot-held',
    flavour: 'shifting',
    shown: 1_000_454,
  },
  {
    name: 'restarting for a drift that the policy does not name',
    file: 'src/compare/judge.ts',
    snippet: 'drifts.some((drift) => rules.restartOn.has(drift))',
    instead: 'drifts.length > 0',
    breaks: 'unwanted',
    flavour: 'shifting',
    shown: 1_000_056,
  },
  {
    name: 'planning again at once where a namespace is being deleted',
    file: 'src/restart/restartWriter.ts',
    snippet: "if (namespace.deleting) throw new PlanOvertaken('the deletion of its namespace has begun');",
    instead: '',
    breaks: 'reads',
    flavour: 'shifting',
    shown: 1_000_674,
  },
  {
    name: 'evicting on where the policy has left the kind out',
    file: 'src/plan/rules/excluded.ts',
    snippet: "if (!kinds.has(assessed.workload.kind)) return { detail: 'kinds' };",
    instead: '',
    breaks: 'kind',
    flavour: 'shifting',
    shown: 1_000_076,
  },
  {
    name: 'evicting where the policy says to annotate',
    file: 'src/kinds/onDelete.ts',
    snippet: "strategy === ON_DELETE && onDelete === 'evict';",
    instead: "strategy === ON_DELETE && onDelete !== 'never';",
    breaks: 'on-delete',
    flavour: 'shifting',
    shown: 1_000_049,
  },
  {
    name: 'knowing no primary while Canaries may not be listed',
    file: 'src/observe/claims.ts',
    snippet: 'canaries ?? (this.#isForbidden(namespace) ? canariesOfPrimaries(workloads) : []);',
    instead: 'canaries ?? [];',
    breaks: 'canary-analysis',
    flavour: 'shifting',
    shown: 1_000_830,
  },
];

/** Rules of sidecars that nobody would inject any more. */
const ORPHANS: readonly Mutant[] = [
  {
    name: 'removing sidecars at once',
    file: RULE_LIST,
    snippet: '  recentlyOrphaned,\n',
    instead: '',
    breaks: 'orphaned',
    flavour: 'shifting',
  },
  {
    name: 'removing sidecars while their webhook is missing',
    file: 'src/compare/orphan.ts',
    snippet: 'const held = missing ?? whyKept(',
    instead: 'const held = whyKept(',
    breaks: 'orphaned',
    flavour: 'shifting',
  },
  {
    name: 'going on to the next wave as soon as sidecars are removed',
    file: 'src/plan/assess.ts',
    snippet: ' || wasRemoved(source, entry));',
    instead: ');',
    breaks: 'wave-bake',
    flavour: 'shifting',
    shown: 1_000_355,
  },
];

/** Rules of what is managed. */
const SCOPE: readonly Mutant[] = [
  {
    name: 'evicting on in a namespace that is managed no longer',
    file: 'src/plan/rules/excluded.ts',
    snippet: 'if (managedNamespaces?.has(assessed.workload.namespace) === false)',
    instead: 'if (false)',
    breaks: 'scope',
    flavour: 'shifting',
    shown: 1_000_094,
  },
];

/** All of them. */
export const MUTANTS: readonly Mutant[] = [
  ...ANSWERS,
  ...RULES,
  ...SIDECARS,
  ...EVICTIONS,
  ...TIMES,
  ...METRIC_GATES,
  ...MISTAKES,
  ...TRUST,
  ...WAVES,
  ...NEWS,
  ...SHIFTS,
  ...ORPHANS,
  ...SCOPE,
];
