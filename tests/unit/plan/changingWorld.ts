import { noSidecar } from '../../../src/compare/orphan.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import type { Injection, Mesh } from '../../../src/expect/mesh.ts';
import { SnapshotMap } from '../../../src/journal/snapshotMap.ts';
import { ON_DELETE } from '../../../src/kinds/onDelete.ts';
import { keyOf, type NamespaceFacts, NO_NAMESPACE, type Workload, type WorkloadKey } from '../../../src/model.ts';
import { RESTART_ANNOTATION, RESTARTED_AT, RETRY, WINDOW_ANNOTATION } from '../../../src/names.ts';
import type { Answered } from '../../../src/plan/assess.ts';
import { contradictionsIn } from '../../../src/plan/contradictions.ts';
import type { Evaluation, EvaluationInputs } from '../../../src/plan/evaluate.ts';
import { endedEntry, type JournalEntry } from '../../../src/plan/journalEntry.ts';
import type { MetricGateState } from '../../../src/plan/metricGate.ts';
import { orphansIn } from '../../../src/plan/orphans.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import type { Policy } from '../../../src/plan/policy.ts';
import { fingerprint, type Write } from '../../../src/plan/record.ts';
import { begun, FINISHED, type RunNotes } from '../../../src/plan/runNotes.ts';
import { SinceWhen } from '../../../src/plan/sinceWhen.ts';
import { reason } from '../../../src/reasons.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { gateState } from '../../builders/metricGate.ts';
import { context, policy } from '../../builders/policy.ts';
import { complete, expected, group, HOUR, injection, istiod, MINUTE, NOW, workload } from '../../builders/workload.ts';
import type { Dice } from '../fuzz/dice.ts';
import { changingPolicies } from './changingPolicies.ts';

const NAMESPACES = ['a', 'b', 'c', 'd', 'e'];
const WINDOW = 'daily 00:00-00:30 UTC; daily 02:00-23:00 UTC';
const OUTCOMES: readonly Outcome[] = [
  'verified',
  'verified',
  'verified',
  'superseded',
  'reverted',
  'failed:timeout',
  'failed:no-sidecar',
  'config-remains',
];

/** As many writes that ended badly as a day may have, an hour apart. */
const earlier = (wall: number): Write[] => [1, 2, 3, 4].map((hours) => ({ at: wall - hours * HOUR, well: false }));

/** A cluster to which something happens again and again, for an operator that evaluates after each time. The dice decide what. */
export class ChangingWorld {
  readonly #dice: Dice;
  readonly #answered = new Map<WorkloadKey, Answered>();
  readonly #journal = new SnapshotMap<WorkloadKey, JournalEntry>();
  readonly #notes = new Map<string, RunNotes>();
  readonly #busy = new Set<WorkloadKey>();
  readonly #starting = new Set<WorkloadKey>();
  readonly #retryAt = new Map<WorkloadKey, { readonly until: number; readonly problem: string }>();
  readonly #orphanedSince = new SinceWhen(orphansIn);
  readonly #contradictedSince = new SinceWhen(contradictionsIn);
  readonly #epochSeenAt = new Map<string, number>([['epoch', NOW - HOUR]]);
  readonly #gates = new Map<string, MetricGateState>();
  readonly #own: WorkloadKey;
  #policy: Policy = policy();
  #injection: Injection = injection();
  #namespaces = new Map<string, NamespaceFacts>(NAMESPACES.map((name) => [name, NO_NAMESPACE]));
  #mesh: Mesh;
  #learnt: EvaluationInputs['learnt'] = () => [];
  #now = NOW;
  /** What the wall clock is ahead of the steady one. */
  #ahead = 0;
  #stale: string | undefined;
  #paused: string | undefined;
  #unseen: string | undefined;
  #unconfirmed: string | undefined;
  #resumedAt: number | undefined;
  #made = 0;
  /** All but one are in one namespace. */
  #alone = false;

  constructor(dice: Dice, size: number) {
    this.#dice = dice;
    this.#policyChanges();
    this.#alone = dice.once(4);
    this.#mesh = this.#meshNow();
    for (let index = 0; index < size; index++) this.#appears();
    this.#own = dice.pick([...this.#answered.keys()]);
  }

  get #wall(): number {
    return this.#now + this.#ahead;
  }

  #meshNow(): Mesh {
    return { injections: [this.#injection], namespaces: new Map(this.#namespaces) };
  }

  /** Everything as it is, in collections of its own, as the operator hands it over. */
  inputs(): EvaluationInputs {
    return {
      mesh: this.#mesh,
      learnt: this.#learnt,
      observations: [...this.#answered.values()],
      context: this.context(),
    };
  }

  context(): PlanContext {
    const unconfirmed = this.#unconfirmed;
    return {
      ...context(),
      now: this.#now,
      wall: this.#wall,
      policy: this.#policy,
      journal: this.#journal.snapshot(),
      notes: new Map(this.#notes),
      busy: new Set(this.#busy),
      starting: new Set(this.#starting),
      retryAt: new Map(this.#retryAt),
      orphanedSince: this.#orphanedSince.times,
      contradictedSince: this.#contradictedSince.times,
      epochSeenAt: new Map(this.#epochSeenAt),
      metricGates: new Map(this.#gates),
      unconfirmed: () => unconfirmed,
      stale: this.#stale,
      paused: this.#paused,
      resumedAt: this.#resumedAt,
      unseen: this.#unseen,
      own: this.#own,
    };
  }

  /** What the operator itself does after an evaluation. */
  evaluated(evaluation: Evaluation): void {
    for (const [run, notes] of evaluation.toNote) this.#notes.set(run, { ...this.#notes.get(run), ...notes });
    this.#orphanedSince.note(evaluation.items, this.#now);
    this.#contradictedSince.note(evaluation.items, this.#now);
  }

  /** Something happens. @returns what, in a word */
  happens(last: Evaluation): string {
    const acts: readonly [often: number, word: string, act: () => void][] = [
      [6, 'a restart begins', () => this.#restarts(last)],
      [6, 'a restart ends', () => this.#ends()],
      [6, 'a workload changes', () => this.#changes()],
      [5, 'time passes', () => this.#passes(last)],
      [2, 'a back-off', () => this.#backsOff()],
      [2, 'nothing', () => undefined],
      [1, 'a workload appears', () => this.#appears()],
      [1, 'a workload vanishes', () => this.#answered.delete(this.#anyone())],
      [
        1,
        'an entry is forgotten',
        () => this.#journal.delete(this.#dice.pick([...this.#journal.keys(), this.#anyone()])),
      ],
      [2, 'runs finish', () => this.#runsFinish()],
      [2, 'another policy', () => this.#policyChanges()],
      [1, 'another mesh', () => this.#meshChanges()],
      [2, 'a metric gate answers', () => this.#gateAnswers()],
      [this.#alone ? 3 : 0, 'the only other one', () => this.#otherOne()],
      [1, 'something of all', () => this.#allChanges()],
    ];
    let thrown = this.#dice.below(acts.reduce((sum, [often]) => sum + often, 0));
    for (const [often, word, act] of acts) {
      thrown -= often;
      if (thrown >= 0) continue;
      act();
      return word;
    }
    return 'nothing';
  }

  /** The next restart of each begins it anew. */
  #runsFinish(): void {
    for (const [run, notes] of this.#notes)
      if (notes.startedAt !== undefined) this.#notes.set(run, { ...notes, told: [FINISHED] });
  }

  #anyone(): WorkloadKey {
    return this.#dice.pick([...this.#answered.keys()]);
  }

  #appears(): void {
    const dice = this.#dice;
    this.#made += 1;
    const isGrouped = dice.once(12);
    const made = workload({
      kind: isGrouped ? 'StatefulSet' : 'Deployment',
      namespace: !this.#alone ? dice.pick(NAMESPACES) : this.#made === 2 ? 'b' : 'a',
      name: `w${this.#made}`,
      uid: `uid-${this.#made}`,
      createdAt: 0,
      ...(isGrouped && { strategy: ON_DELETE, rolloutGroup: { name: dice.pick(['g', 'h']), paused: false } }),
      ...(dice.once(10) && { owner: { apiVersion: 'example.org/v1', kind: dice.pick(['Db', 'Queue']), name: 'one' } }),
      ...(dice.once(15) && { annotations: { [WINDOW_ANNOTATION]: WINDOW } }),
      ...(dice.once(20) && { unsupported: {} }),
    });
    this.#see({
      workload: made,
      templateHash: 'h',
      groups: [group({}, 3)],
      onLostNodes: 0,
      budgets: dice.once(6) ? [{ namespace: made.namespace, name: 'p', selector: {}, allowed: 1, detail: '' }] : [],
      match: { kind: 'entry', entry: this.#injection },
      answer: this.#answer(),
    });
  }

  readonly #answers = new Map<string, Answer>();

  /** Injectors give one answer to all. */
  #answer(): Answer {
    const { run } = this.#injection;
    const known = this.#answers.get(run) ?? {
      kind: 'sidecar' as const,
      sidecar: expected(run === 'run' ? {} : { image: `docker.io/istio/proxyv2:1.31.${this.#answers.size + 1}` }),
    };
    this.#answers.set(run, known);
    return known;
  }

  #see(one: Answered): void {
    this.#answered.set(keyOf(one.workload), one);
  }

  #restarts({ items }: Evaluation): void {
    const dice = this.#dice;
    for (const { workload: of, step, verdict, entry } of items) {
      if (step.action !== 'restart' || verdict.state !== 'outdated' || dice.once(4)) continue;
      const key = keyOf(of);
      this.#busy.add(key);
      if (dice.once(4)) {
        this.#starting.add(key);
        continue;
      }
      const begins = restarted(0, undefined, {
        uid: of.uid,
        restartedFor: fingerprint(verdict.expected),
        restartedAt: this.#wall,
        since: this.#now,
        run: this.#injection.run,
        writes: [{ at: this.#wall, well: false }, ...(entry?.writes ?? [])].slice(0, 4),
        confirmed: !dice.once(4),
        ...(of.owner && { owner: `${of.owner.kind}.example.org` }),
        ...(entry && dice.once(2) && { before: entry }),
      });
      this.#journal.set(key, begins);
      this.#notes.set(begins.run, begun(this.#notes.get(begins.run), this.#wall));
    }
  }

  #ends(): void {
    const dice = this.#dice;
    for (const key of [...this.#busy]) {
      if (dice.once(2)) continue;
      const entry = this.#journal.get(key);
      this.#starting.delete(key);
      if (!dice.once(3)) this.#busy.delete(key);
      if (!entry || entry.outcome) continue;
      const outcome = dice.pick(OUTCOMES);
      this.#journal.set(key, endedEntry(entry, outcome, new Map(), this.#wall));
      const one = this.#answered.get(key);
      if (one && outcome === 'verified')
        this.#see({ ...one, groups: [group({ image: entry.run === 'run' ? expected().image : 'x' })] });
    }
  }

  #changes(): void {
    const one = this.#answered.get(this.#anyone());
    if (!one) return;
    const { dice, wall } = { dice: this.#dice, wall: this.#wall };
    const of = one.workload;
    const annotated = (annotations: Record<string, string>): Partial<Answered> => ({
      workload: { ...of, annotations: { ...of.annotations, ...annotations } },
    });
    const becomes = (given: Partial<Workload>): Partial<Answered> => ({ workload: { ...of, ...given } });
    this.#see({
      ...one,
      ...dice.pick<() => Partial<Answered>>([
        () => ({}),
        () => becomes({ rollout: { ...of.rollout, ready: dice.below(4), available: dice.below(4) } }),
        () => becomes({ rollout: complete(3), paused: false, generation: 1 }),
        () => becomes({ paused: true }),
        () => becomes({ generation: of.generation + 1 }),
        () => becomes({ strategy: dice.pick(['Recreate', ON_DELETE, 'RollingUpdate']) }),
        () =>
          becomes({
            template: {
              ...of.template,
              annotations: { [RESTARTED_AT]: timestamp(wall + dice.pick([-MINUTE, MINUTE])) },
            },
          }),
        () => annotated({ [RESTART_ANNOTATION]: dice.pick(['true', 'false', 'x']) }),
        () => annotated({ [WINDOW_ANNOTATION]: dice.pick([WINDOW, 'never', 'Mon 00:00-01:00 UTC']) }),
        () => annotated({ [RETRY]: String(wall) }),
        () => annotated(recorded(restarted(0, 'failed:timeout', { restartedAt: wall - HOUR, writes: earlier(wall) }))),
        () => annotated({ ...recorded(restarted(0, 'failed:timeout', { restartedAt: wall - dice.below(HOUR) })) }),
        () => ({ groups: [group({ image: dice.pick(['docker.io/istio/proxyv2:1.29.0', expected().image]) })] }),
        () => ({
          groups: [{ ...group(), ready: false }],
          budgets: one.budgets.map((each) => ({ ...each, allowed: dice.below(2) })),
        }),
        () => ({ unread: 'forbidden' }),
        () => ({ answer: { kind: 'unknown', reason: reason('injector-unreachable', 'no') } }),
        () => ({ answer: this.#answer(), match: { kind: 'entry', entry: this.#injection } }),
        () => ({
          match: { kind: 'none', reason: reason('not-injected', 'nobody asks') },
          answer: { kind: 'sidecar', sidecar: noSidecar() },
        }),
        () => becomes({ rolloutGroup: { name: dice.pick(['g', 'h']), paused: dice.once(2) } }),
      ])(),
    });
  }

  #passes({ wakeAt }: Evaluation): void {
    const dice = this.#dice;
    const to = dice.pick([0, 1, 1000, 10_000, MINUTE, 10 * MINUTE, HOUR, 24 * HOUR, 'wake', 'wake', 'before'] as const);
    const soon = wakeAt === undefined || wakeAt <= this.#now ? this.#now + MINUTE : wakeAt;
    this.#now = to === 'wake' ? soon : to === 'before' ? Math.max(this.#now, soon - 1) : this.#now + to;
  }

  #backsOff(): void {
    const key = this.#anyone();
    if (this.#retryAt.size > 0 && this.#dice.once(2)) this.#retryAt.clear();
    else this.#retryAt.set(key, { until: this.#now + this.#dice.pick([1000, MINUTE]), problem: 'no' });
  }

  /** It gets another injection, or loses it, so that a run concerns one namespace more or less. */
  #otherOne(): void {
    const other = [...this.#answered.values()].find(({ workload: { namespace } }) => namespace === 'b');
    if (!other) return;
    const isMatched = other.match.kind === 'entry';
    this.#see({
      ...other,
      match: isMatched
        ? { kind: 'none', reason: reason('not-injected', 'nobody asks') }
        : { kind: 'entry', entry: this.#injection },
    });
  }

  #policyChanges(): void {
    const dice = this.#dice;
    const some = Array.from({ length: 1 + dice.below(3) }, () => dice.pick(changingPolicies(this.#wall)));
    this.#policy = policy(Object.assign({}, ...some));
  }

  #meshChanges(): void {
    const dice = this.#dice;
    if (dice.once(2)) {
      const annotations = dice.pick([{}, { [RESTART_ANNOTATION]: 'false' }, { [WINDOW_ANNOTATION]: WINDOW }]);
      this.#namespaces.set(dice.pick(NAMESPACES), { labels: {}, annotations });
    } else {
      const run = dice.pick(['run', 'run', 'other']);
      const entry = { run, epoch: `epoch-${run}`, istiod: istiod({ isAvailable: !dice.once(4) }) };
      const { istiod: _, ...invisible } = injection(entry);
      this.#injection = dice.once(3) ? invisible : injection(entry);
      if (dice.once(2)) this.#epochSeenAt.set(entry.epoch, this.#now);
    }
    this.#mesh = this.#meshNow();
    for (const one of this.#answered.values())
      this.#see({ ...one, match: { kind: 'entry', entry: this.#injection }, answer: this.#answer() });
  }

  #gateAnswers(): void {
    this.#gates.set('slo', gateState({ isOpen: !this.#dice.once(3), askedAt: this.#now }));
  }

  #allChanges(): void {
    const dice = this.#dice;
    const either = (word: string): string | undefined => (dice.once(4) ? word : undefined);
    switch (dice.below(7)) {
      case 0:
        this.#stale = either('cannot be watched');
        break;
      case 1:
        this.#paused = either('for lunch');
        break;
      case 2:
        this.#unseen = either('namespace x');
        break;
      case 3:
        this.#unconfirmed = either('not asked twice');
        break;
      case 4:
        this.#resumedAt = this.#wall + dice.pick([-HOUR, 0, MINUTE]);
        break;
      case 5:
        this.#ahead = dice.pick([0, 1000, -HOUR]);
        break;
      default:
        this.#learnt = () => [];
    }
  }
}
