import { areSame } from '../areSame.ts';
import { atOnce } from '../atOnce.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { Pause } from '../loopSlices.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import { type Answered, type AssessmentContext, isListed } from './assess.ts';
import { type Assessed, wasRead } from './assessed.ts';
import { changedBetween } from './changedBetween.ts';
import type { Evaluation, EvaluationInputs } from './evaluate.ts';
import { countsSince, type History } from './history.ts';
import { entryOf, type JournalEntries } from './journalEntry.ts';
import { KeptJournal } from './keptJournal.ts';
import { KeptOrder, MANY } from './keptOrder.ts';
import { KeptSteps } from './keptSteps.ts';
import { KeptSums } from './keptSums.ts';
import { KeptWorkload } from './keptWorkload.ts';
import { Counts } from './limits/counts.ts';
import { waveName } from './plan.ts';
import type { PlanContext } from './planContext.ts';
import { orderKey } from './planOrder.ts';
import type { Policy } from './policy.ts';
import type { RolloutGroups } from './rolloutGroups.ts';
import type { RuleContext } from './rule.ts';
import { isHeldForGood } from './rules/rules.ts';
import { sharedInputs } from './sharedInputs.ts';
import { Throttle } from './throttle.ts';
import type { RunWaves } from './wave.ts';
import { holdWords } from './waveHold.ts';
import { type WaveOf, waveFacts, waveOf } from './waveOf.ts';
import { Waves } from './waves.ts';

/** The parts of an evaluation that the rules need at the moment of a write. */
interface Last {
  readonly assessed: readonly Assessed[];
  readonly namespaces: History['namespaces'];
  readonly rolloutGroups: RolloutGroups;
}

/** The waves as they were counted at a write. */
interface CountedAtWrite {
  readonly sums: KeptSums;
  readonly shared: readonly unknown[];
  /** Those that were counted otherwise than in the evaluation before. */
  readonly again: ReadonlySet<KeptWorkload>;
}

/**
 * Evaluates again and again, and keeps what a change does not touch. It gives what `evaluate` gives for the same inputs, which is its
 * specification. Inputs are compared by identity, one by one, so nobody has to tell it what has changed: whatever is
 * another object is evaluated again.
 */
export class Evaluator {
  #observations: readonly Answered[] = [];
  #all: readonly KeptWorkload[] = [];
  #byKey = new Map<WorkloadKey, KeptWorkload>();
  /** Those that evaluations are about, with their assessments in the same places. */
  #listed: readonly KeptWorkload[] = [];
  #assessed: readonly Assessed[] = [];
  #order = new KeptOrder([]);
  #steps = new KeptSteps([]);
  /** What assessments rest on besides the workload; empty if what is kept must not be used. */
  #fixed: readonly unknown[] = [];
  #shared: readonly unknown[] = [];
  #context: PlanContext | undefined;
  #groups: RolloutGroups = new Map();
  #waveOf: WaveOf | undefined;
  /** The states of the waves that hold others back. */
  #standing = '';
  #serial = 0;
  /** What writes are judged by: the last evaluation that came to its end. */
  #last: Last = { assessed: [], namespaces: new Map(), rolloutGroups: new Map() };
  readonly #journal = new KeptJournal();
  readonly #journalAtWrites = new KeptJournal();
  readonly #sums = new KeptSums();
  /** What was counted of all workloads at a write since the last evaluation, if anything was. */
  #countedAtWrites: readonly CountedAtWrite[] = [];

  /** Evaluates in short steps. The inputs must not change meanwhile. */
  *evaluate(inputs: EvaluationInputs): Generator<Pause, Evaluation> {
    const { mesh, learnt, observations, context } = inputs;
    const fixed = [mesh, context.policy, learnt];
    const changed = areSame(fixed, this.#fixed) ? this.#changedIn(observations) : undefined;
    // should this end half-way, nothing of it is used again
    this.#fixed = [];
    this.#countedAtWrites = [];
    const entries = yield* this.#journal.take(context.journal);
    const known: AssessmentContext = {
      mesh,
      policy: context.policy,
      learnt,
      entryOf: (one) => entryOf(context.journal, one),
    };
    const again = changed && this.#assessChanged(changed, entries, known);
    if (!again) yield* this.#assessAll(observations, known);
    const evaluation = yield* this.#plan(mesh, context, again ?? 'all');
    this.#fixed = fixed;
    this.#observations = observations;
    return evaluation;
  }

  /** The workloads with another observation than before; undefined if they are not the same workloads. */
  #changedIn(observations: readonly Answered[]): Map<KeptWorkload, Answered> | undefined {
    const before = this.#observations;
    if (observations.length !== before.length) return undefined;
    const changed = new Map<KeptWorkload, Answered>();
    for (let place = 0; place < observations.length; place++) {
      const one = observations[place] as Answered;
      if (one === before[place]) continue;
      const kept = this.#all[place] as KeptWorkload;
      if (keyOf(one.workload) !== kept.key) return undefined;
      changed.set(kept, one);
    }
    return changed;
  }

  *#assessAll(observations: readonly Answered[], known: AssessmentContext): Generator<Pause, void> {
    const all: KeptWorkload[] = [];
    for (const one of observations) {
      all.push(new KeptWorkload(keyOf(one.workload), one, known));
      yield 'short';
    }
    this.#all = all;
    this.#byKey = new Map(all.map((one) => [one.key, one]));
    this.#listed = all.filter(({ assessed }) => isListed(assessed, known.policy));
    for (const [place, one] of this.#listed.entries()) one.place = place;
    this.#order = new KeptOrder(this.#listed);
    this.#steps = new KeptSteps(this.#listed);
  }

  /** @returns those that evaluations are about; undefined if these are not the same any more */
  #assessChanged(
    changed: ReadonlyMap<KeptWorkload, Answered>,
    entries: ReadonlySet<WorkloadKey>,
    known: AssessmentContext,
  ): Set<KeptWorkload> | undefined {
    const again = new Set<KeptWorkload>();
    for (const one of new Set([...changed.keys(), ...[...entries].flatMap((key) => this.#byKey.get(key) ?? [])])) {
      const wasListed = isListed(one.assessed, known.policy);
      one.assess(changed.get(one) ?? one.answered, known);
      if (isListed(one.assessed, known.policy) !== wasListed) return undefined;
      if (wasListed) again.add(one);
    }
    return again;
  }

  *#plan(mesh: Mesh, context: PlanContext, touched: Set<KeptWorkload> | 'all'): Generator<Pause, Evaluation> {
    const assessed = touched === 'all' ? this.#listed.map((one) => one.assessed) : [...this.#assessed];
    if (touched !== 'all') for (const one of touched) assessed[one.place] = one.assessed;
    this.#assessed = assessed;
    const namespaces = yield* this.#sums.namespaces(assessed, touched);
    const history = this.#journal.history(namespaces, countsSince(context.resumedAt, context.wall));
    const groups = yield* this.#sums.groups(assessed, touched);
    const shared = sharedInputs(mesh, context, { history });
    const of = this.#waveOfNow(context, touched);
    const isForAll = touched === 'all' || of !== this.#waveOf || !areSame(shared, this.#shared);
    let again = isForAll ? new Set(this.#listed) : this.#touched(context, groups, touched);
    this.#waveOf = of;
    this.#shared = shared;
    this.#context = context;
    this.#groups = groups;

    const known: RuleContext = { ...context, history, rolloutGroups: groups };
    const waves = new Waves(assessed, { ...context, isHeld: (one) => isHeldForGood(one, known) }, of);
    yield* this.#sums.countWaves(waves, assessed, again, this.#unseenIn(this.#journal, context));
    const standing = context.policy.waves ? JSON.stringify(waves.progress().map(holding)) : '';
    if (standing !== this.#standing) again = new Set(this.#listed);
    this.#standing = standing;
    const ruleContext = { ...known, waves };
    for (const one of again) {
      one.judge(ruleContext, context.busy);
      this.#steps.judged(one);
      yield 'short';
    }
    if (again.size >= MANY) yield 'long';
    const ages = new Map<string, string>();
    this.#order.move(again, ({ assessed: one }) => orderKey(one, waves.of, context.own, ages));
    if (again.size >= MANY) yield 'long';
    const evaluation = yield* this.#evaluation(waves, context, touched === 'all');
    this.#last = { assessed, namespaces, rolloutGroups: groups };
    return evaluation;
  }

  /** Which wave each workload is in: the same object as before if that cannot have changed. */
  #waveOfNow({ policy }: PlanContext, touched: ReadonlySet<KeptWorkload> | 'all'): WaveOf {
    let isSame = touched !== 'all' && this.#waveOf !== undefined;
    for (const one of touched === 'all' ? this.#listed : touched) {
      const facts = waveFacts(policy.waves, one.assessed);
      isSame &&= facts === one.waveFacts;
      one.waveFacts = facts;
    }
    return isSame && this.#waveOf ? this.#waveOf : waveOf(policy.waves, this.#assessed);
  }

  /** The workloads that are judged again, besides those that were assessed again. */
  #touched(context: PlanContext, groups: RolloutGroups, assessedAgain: ReadonlySet<KeptWorkload>): Set<KeptWorkload> {
    const before = this.#context as PlanContext;
    const keys = [
      changedBetween(flags(before.busy), flags(context.busy)),
      changedBetween(before.retryAt, context.retryAt),
      changedBetween(before.orphanedSince, context.orphanedSince),
      changedBetween(before.contradictedSince, context.contradictedSince),
    ];
    const again = new Set(assessedAgain);
    const add = (key: WorkloadKey): void => {
      const one = this.#listedOf(key);
      if (one) again.add(one);
    };
    for (const some of keys) for (const key of some) add(key);
    for (const [name, members] of groups)
      if (!areSame(members, this.#groups.get(name) ?? [])) for (const member of members) add(keyOf(member));
    // of a group that is gone, the last member was assessed again
    for (const one of this.#steps.expired(context.now)) again.add(one);
    return again;
  }

  #listedOf(key: WorkloadKey): KeptWorkload | undefined {
    const one = this.#byKey.get(key);
    return one && this.#context && isListed(one.assessed, this.#context.policy) ? one : undefined;
  }

  *#evaluation(waves: Waves, context: PlanContext, isAnew: boolean): Generator<Pause, Evaluation> {
    const find = (key: WorkloadKey): Assessed | undefined => {
      const one = this.#listedOf(key)?.assessed;
      return one && wasRead(one.workload) ? one : undefined;
    };
    const counts = Counts.in(this.#journal.restarts(context, find), context, waves.of);
    const throttle = new Throttle(counts, context);
    const name = (one: Assessed) => waveName(one, waves);
    const { changed, gone, ...steps } = yield* this.#steps.plan(this.#order.places, throttle, name);
    const progress = waves.progress();
    const ends = progress.flatMap((run) => run.waves.map(({ until }) => until ?? Infinity));
    const wakeAt = Math.min(...ends, this.#steps.wakeAt);
    this.#serial += 1;
    return {
      ...steps,
      ...(wakeAt < Number.POSITIVE_INFINITY && { wakeAt }),
      waves: progress,
      toNote: waves.toNote(),
      at: context.now,
      wall: context.wall,
      serial: this.#serial,
      ...(!isAnew && { changes: { changed, gone } }),
    };
  }

  /** What rules are asked with at the moment of a write: everything is as it is then, except what was observed. */
  ruleContext(context: PlanContext): RuleContext {
    const { assessed, namespaces, rolloutGroups } = this.#last;
    atOnce(this.#journalAtWrites.take(context.journal));
    const history = this.#journalAtWrites.history(namespaces, countsSince(context.resumedAt, context.wall));
    const known: RuleContext = { ...context, history, rolloutGroups };
    const waves = new Waves(
      assessed,
      { ...context, isHeld: (one) => isHeldForGood(one, known) },
      this.#lastWaveOf(context),
    );
    const [mesh] = this.#fixed as readonly [Mesh?];
    if (context.policy.waves && mesh) this.#countWavesAtWrite(waves, sharedInputs(mesh, context, known), context);
    return { ...known, waves };
  }

  /**
   * What was counted last still holds, except of workloads about which something is another now. If something that concerns all has changed
   * since, everything is counted, but only at the first write after that.
   */
  #countWavesAtWrite(waves: Waves, shared: readonly unknown[], context: PlanContext): void {
    const { assessed, rolloutGroups } = this.#last;
    const unseen = this.#unseenIn(this.#journalAtWrites, context);
    const again = this.#touched(context, rolloutGroups, new Set());
    const evaluated = { sums: this.#sums, shared: this.#shared, again: new Set<KeptWorkload>() };
    const counted = [evaluated, ...this.#countedAtWrites].find((one) => areSame(one.shared, shared));
    if (counted) {
      counted.sums.recountWaves(waves, assessed, new Set([...again, ...counted.again]), unseen);
      return;
    }
    const sums = new KeptSums();
    atOnce(sums.countWaves(waves, assessed, new Set(this.#listed), unseen));
    this.#countedAtWrites = [{ sums, shared, again }];
  }

  /** Which wave each workload is in, if the waves are those of the last evaluation, and no other one is being made. */
  #lastWaveOf({ policy }: PlanContext): WaveOf | undefined {
    const [, last] = this.#fixed as readonly [Mesh?, Policy?];
    return last && last.waves === policy.waves ? this.#waveOf : undefined;
  }

  /**
   * Restarts that are under way or have failed, of workloads that no evaluation is about, or that are only listed because they could not be
   * read.
   */
  #unseenIn(journal: KeptJournal, { busy, journal: entries }: PlanContext): JournalEntries {
    const followed = [...busy].flatMap((key) => {
      const entry = entries.get(key);
      return entry ? [[key, entry] as const] : [];
    });
    const all = [...journal.open(), ...journal.traces(), ...followed];
    return new Map(
      all.filter(([key]) => {
        const one = this.#listedOf(key);
        return !one || !wasRead(one.assessed.workload);
      }),
    );
  }
}

const flags = (keys: ReadonlySet<WorkloadKey>): ReadonlyMap<WorkloadKey, true> =>
  new Map([...keys].map((key) => [key, true]));

/** What a workload sees of the waves that it waits for. */
const holding = ({ run, waves }: RunWaves): unknown => [
  run,
  waves.map((one) => [one.state, one.until, holdWords(one)]),
];
