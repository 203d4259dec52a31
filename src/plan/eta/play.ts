import type { Pause } from '../../loopSlices.ts';
import type { Outdated } from '../assessed.ts';
import type { Counts } from '../limits/counts.ts';
import { fullLimit } from '../limits/limits.ts';
import { maxInFlight } from '../limits/maxInFlight.ts';
import { maxInFlightPerNamespace } from '../limits/maxInFlightPerNamespace.ts';
import { maxRestartsPerMinute } from '../limits/maxRestartsPerMinute.ts';
import { restartDelay } from '../limits/restartDelay.ts';
import type { PlanContext } from '../planContext.ts';
import type { ReasonCode } from '../reasonCatalogue.ts';
import type { RuleContext } from '../rule.ts';
import { changingWaitOf, isHeldForGood } from '../rules/rules.ts';
import { wave as waveRule } from '../rules/wave.ts';
import type { Wait } from '../wait.ts';
import type { WaitCode } from '../waitReasons.ts';
import type { Waves } from '../waves.ts';
import { type Candidate, FOR_A_WAVE, freedBy } from './candidates.ts';
import { normalAt, shareBelow, uniform } from './draws.ts';
import type { Deviation } from './pace.ts';
import { TimeHeap } from './timeHeap.ts';
import { VirtualWaves } from './virtualWaves.ts';
import { WaitingLine } from './waitingLine.ts';

/** What all draws have in common. */
export interface Course {
  readonly candidates: readonly Candidate[];
  readonly counts: Counts;
  readonly context: PlanContext;
  readonly ruleContext: RuleContext;
  readonly waves: Waves;
}

/** How one draw went. */
export interface Played {
  /** When each candidate was done, by the steady clock; NaN if it never is. */
  readonly doneAt: Float64Array;
  readonly waves: VirtualWaves;
  /** Those that came to wait for something that time does not end. */
  readonly leftOut: ReadonlyMap<ReasonCode, number>;
  /** Questions asked to the rules and limits. */
  readonly asked: number;
}

/** Limits that hold everything, or a namespace. */
const HOLD_EVERYTHING: ReadonlySet<string> = new Set([maxInFlight.code, maxRestartsPerMinute.code, restartDelay.code]);
const HOLD_NAMESPACE: ReadonlySet<string> = new Set([maxInFlightPerNamespace.code]);

/** Questions in one step of the loop. */
const ASKED_AT_ONCE = 50;
const DAY = 24 * 60 * 60_000;
/** Nothing is looked at further ahead. */
const HORIZON = 400 * DAY;
/** A wait that ends in no time would be asked about for ever. */
const SHORTEST_WAIT = 1000;
/** Multiples of the golden ratio cover the unit evenly, however many there are. */
const GOLDEN = 0.6180339887498949;

/**
 * Lets the restarts go on in virtual time, each as long as this draw says, and asks rules and limits of the planner when one may begin.
 */
export function* play(course: Course, draw: number): Generator<Pause, Played> {
  const drawn = new Draw(course, draw);
  yield* drawn.run();
  return drawn.played;
}

class Draw {
  readonly #course: Course;
  readonly #draw: number;
  readonly #counts: Counts;
  readonly #line: WaitingLine;
  readonly #ends = new TimeHeap<number>();
  readonly #timed = new TimeHeap<number>();
  /** What waits for an earlier wave. */
  #asleep = new Set<number>();
  /** Those that their waves are done without. */
  readonly #held = new Set<number>();
  readonly #waves: VirtualWaves;
  readonly #leftOut = new Map<ReasonCode, number>();
  readonly #doneAt: Float64Array;
  #now: number;
  /** When a limit that holds everything is free again by time. */
  #limitUntil = Number.POSITIVE_INFINITY;
  /** The state of the waves that was looked at last, and when the next of their bakes has passed. */
  #seenWaves = -1;
  #wavesUntil = Number.POSITIVE_INFINITY;
  #asked = 0;

  constructor(course: Course, draw: number) {
    this.#course = course;
    this.#draw = draw;
    this.#counts = course.counts.copy();
    this.#now = course.context.now;
    this.#waves = new VirtualWaves(course.waves, course.context);
    this.#line = new WaitingLine((place) => this.#of(place).kin);
    this.#doneAt = new Float64Array(course.candidates.length).fill(Number.NaN);
  }

  get played(): Played {
    return { doneAt: this.#doneAt, waves: this.#waves, leftOut: this.#leftOut, asked: this.#asked };
  }

  *run(): Generator<Pause, void> {
    this.#lineUp();
    this.#wake();
    yield 'short';
    for (;;) {
      while (this.#beginSome()) yield 'short';
      const bakedAt = this.#asleep.size > 0 ? this.#wavesUntil : Number.POSITIVE_INFINITY;
      const next = Math.min(this.#ends.first, this.#timed.first, this.#limitUntil, bakedAt);
      if (next > this.#course.context.now + HORIZON) break;
      this.#passTo(next);
      yield 'short';
    }
    for (const _ of this.#asleep) this.#leave(waveRule.code);
  }

  #passTo(time: number): void {
    this.#now = time;
    this.#counts.moveTo(time);
    this.#waves.moveTo(time);
    this.#limitUntil = Number.POSITIVE_INFINITY;
    while (this.#ends.first <= time) this.#end(this.#ends.pop() as number);
    this.#join();
    this.#wake();
  }

  /** Those whose wave has its turn now join the line. */
  #wake(): void {
    if (this.#asleep.size === 0 || this.#seenWaves === this.#waves.computed) return;
    this.#seenWaves = this.#waves.computed;
    this.#wavesUntil = this.#waves.until;
    const places = [...this.#asleep].filter((place) => {
      const { runs, wave } = this.#of(place);
      return this.#waves.firstUndone(runs[0] ?? '') >= wave;
    });
    for (const place of places) this.#asleep.delete(place);
    this.#lineUpAll(places);
  }

  #lineUpAll(places: readonly number[]): void {
    const byNamespace = Map.groupBy(places, (place) => this.#of(place).namespace);
    for (const [namespace, some] of byNamespace) this.#line.add(namespace, some);
  }

  #lineUp(): void {
    const places: number[] = [];
    for (const [place, { elapsed, until, isAsleep, isHeldForGood: isHeld }] of this.#course.candidates.entries()) {
      if (isHeld) this.#held.add(place);
      if (elapsed !== undefined) this.#ends.push(this.#now - elapsed + this.#duration(place, elapsed), place);
      else if (isAsleep) this.#asleep.add(place);
      else if (until !== undefined) this.#timed.push(until, place);
      else places.push(place);
    }
    this.#lineUpAll(places);
  }

  /** Begins what may begin now. @returns whether there may be more, because this was long enough for a step */
  #beginSome(): boolean {
    const rules = this.#rulesNow();
    const limits = { ...this.#course.context, now: rules.now, wall: rules.wall };
    for (let asked = 0; asked < ASKED_AT_ONCE; asked++) {
      const place = this.#line.first();
      if (place === undefined) return false;
      this.#asked += 1;
      const candidate = this.#of(place);
      const { outdated, lasting } = candidate;
      if (!outdated) throw new Error('what is under way does not wait');
      this.#counts.setQueued(this.#line.size);
      const full = fullLimit(outdated, this.#counts, limits);
      if (full && HOLD_EVERYTHING.has(full.reason.code)) {
        this.#limitUntil = Math.max(full.until ?? Number.POSITIVE_INFINITY, this.#now + 1);
        return false;
      }
      if (full) this.#holdKin(candidate, full.reason.code);
      else this.#begin(place, outdated, changingWaitOf(outdated, rules) ?? lasting);
    }
    return true;
  }

  #holdKin(candidate: Candidate, code: string): void {
    const { namespace, kin } = candidate;
    if (HOLD_NAMESPACE.has(code)) this.#line.holdAll(namespace);
    else this.#line.hold(namespace, kin, freedBy(code, candidate));
  }

  #begin(place: number, outdated: Outdated, wait: Wait<WaitCode> | undefined): void {
    this.#line.take(outdated.workload.namespace);
    if (wait) this.#hold(place, outdated, wait);
    else this.#restart(place, outdated);
  }

  #restart(place: number, outdated: Outdated): void {
    const { runs, wave } = this.#of(place);
    this.#counts.start(outdated);
    this.#ends.push(this.#now + this.#duration(place), place);
    if (this.#held.delete(place)) this.#waves.keep(runs, wave, 1);
    this.#waves.begin(runs, wave);
  }

  #hold(place: number, outdated: Outdated, wait: Wait<WaitCode>): void {
    if (FOR_A_WAVE.has(wait.reason.code)) {
      this.#asleep.add(place);
      return;
    }
    const { policy } = this.#course.context;
    if (policy.waves && !this.#held.has(place) && isHeldForGood(outdated, this.#rulesNow())) {
      const { runs, wave } = this.#of(place);
      this.#held.add(place);
      this.#waves.keep(runs, wave, -1);
    }
    if (wait.until !== undefined) this.#timed.push(Math.max(wait.until, this.#now + SHORTEST_WAIT), place);
    else this.#leave(wait.reason.code);
  }

  #leave(code: ReasonCode): void {
    this.#leftOut.set(code, (this.#leftOut.get(code) ?? 0) + 1);
  }

  #rulesNow(): RuleContext {
    const { context, ruleContext } = this.#course;
    return { ...ruleContext, now: this.#now, wall: this.#now - context.now + context.wall, waves: this.#waves };
  }

  #end(place: number): void {
    const { key, namespace, target, frees, runs, wave } = this.#of(place);
    this.#doneAt[place] = this.#now;
    this.#waves.end(runs, wave);
    this.#counts.end(key, target);
    this.#line.freed(namespace, frees);
  }

  /** What waited for this time joins the line. */
  #join(): void {
    const places: number[] = [];
    while (this.#timed.first <= this.#now) places.push(this.#timed.pop() as number);
    this.#lineUpAll(places);
  }

  #of(place: number): Candidate {
    return this.#course.candidates[place] as Candidate;
  }

  /** How long a restart takes in this draw; longer than it has taken so far. */
  #duration(place: number, elapsed = 0): number {
    const { estimate, seed } = this.#of(place);
    const { base, deviation } = estimate;
    const { spread } = deviation;
    const middle = Math.log(base) + this.#centreOf(deviation);
    const share = uniform(seed, this.#draw);
    const below = elapsed > 0 ? shareBelow((Math.log(elapsed) - middle) / spread) : 0;
    const drawn = Math.exp(middle + spread * normalAt(below + (1 - below) * share));
    const { restartTimeout } = this.#course.context.policy;
    return Math.max(elapsed + 1, Math.min(drawn, restartTimeout));
  }

  /** Where the middle is in this draw: nobody knows exactly, and for all restarts alike. */
  #centreOf({ centre, doubt }: Deviation): number {
    return centre + doubt * normalAt((0.5 + this.#draw * GOLDEN) % 1);
  }
}
