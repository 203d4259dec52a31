import type { Answer } from '../../src/expect/answer.ts';
import type { Question } from '../../src/expect/question.ts';
import { LeaderElection, type LeaseTiming } from '../../src/leader/leaderElection.ts';
import type { Budget, Labels } from '../../src/model.ts';
import { LEASE_ANNOTATION } from '../../src/names.ts';
import type { Operator } from '../../src/operator.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Policy } from '../../src/plan/policy.ts';
import { reason } from '../../src/reasons.ts';
import { type OperatorParts, wireOperator } from '../../src/wireOperator.ts';
import { NOBODY_TOLD } from '../builders/notify.ts';
import type { RevisionName } from './controlPlane.ts';
import { Lane } from './lane.ts';
import { MeshView } from './meshView.ts';
import { PolicyFile } from './policyFile.ts';
import { SimulatedCluster } from './simulatedCluster.ts';
import type { World } from './world.ts';

/** Kubernetes' own proportions, with fewer renewals to simulate. */
export const TIMING: LeaseTiming = {
  leaseDuration: 30_000,
  renewDeadline: 20_000,
  retryPeriod: 8000,
  renewEvery: 10_000,
};

const REFUSED: Answer = { kind: 'unknown', reason: reason('injector-refused', 'the template is none') };

/** What a process has been told last by an injector about a template. */
export interface Told {
  readonly at: number;
  readonly answer: Answer;
}

/**
 * One process of the operator: the leader election and `wireOperator`, as `meltemi run` has them, over a simulated cluster, Lease, mesh and
 * injectors. These parts of `meltemi run` stay out:
 * - the reflectors behind the watches, and connections to injectors: real sockets keep real time, so the unit and live suites play them;
 * - log, metrics, Events and their queue, health checks: nothing that they do changes a decision;
 * - dry runs and `--leader-elect=false`: they write nothing, or have no second process to meet.
 */
export class OperatorProcess {
  readonly id: string;
  readonly lane: Lane;
  readonly view: MeshView;
  /** What reached the process, for the referee: it may not know better than this. */
  readonly told = new Map<string, Told>();
  readonly budgetsRead = new Map<string, readonly Budget[]>();
  /** What it is told to manage; undefined for everything. */
  readonly scope: ReadonlySet<string> | undefined;
  leaseRead: Labels = {};
  termBeganAt = 0;
  readonly policies: PolicyFile;
  planned: { readonly at: number; readonly plan: Plan } | undefined;
  readonly #world: World;
  readonly #stop = new AbortController();
  readonly #leadership: LeaderElection;
  readonly #operator: Operator;

  constructor(world: World, id: string) {
    this.id = id;
    this.#world = world;
    this.scope = world.scope;
    const { time, dice, scenario } = world;
    this.lane = new Lane(time);
    const { lane } = this;
    this.view = new MeshView(world.plane.mesh());
    const leadership = new LeaderElection({
      client: world.lease.clientOf(this, (annotations) => {
        this.leaseRead = annotations;
      }),
      namespace: 'meltemi',
      identity: id,
      listener: {
        acquired: () => {
          this.termBeganAt = time.now;
          world.log(() => `${id}: leads`);
        },
        lost: (why) => world.log(() => `${id}: leads no more: ${why}`),
        standingBy: () => undefined,
        trouble: () => undefined,
      },
      timing: TIMING,
      clock: lane,
      now: lane.now,
      random: () => dice.below(1000) / 1000,
    });
    this.#leadership = leadership;
    const cluster = new SimulatedCluster(world, this, () => leadership.assertLeading());
    this.policies = new PolicyFile(world.policy, time.now);
    const { operator } = wireOperator({
      cluster,
      lease: leadership,
      watch: (answersVersion) => {
        this.view.countAnswers(answersVersion, lane);
        return this.view;
      },
      post: (question) => this.#ask(question),
      askGate: (gate) => world.prometheus.ask(gate, lane),
      policy: () => this.policies.policy,
      reconcilePeriod: scenario.reconcilePeriod,
      namespaces: [...(this.scope ?? [])],
      dryRun: false,
      report: this.#report(),
      now: lane.now,
      wall: lane.now,
      sleep: lane.sleep,
      own: scenario.own,
      notify: { ...NOBODY_TOLD, post: (_receiver, body) => world.receiver.post(this, body) },
      signal: this.#stop.signal,
    });
    this.#operator = operator;
  }

  /** What the referee and the trace want to know of what an operator says. */
  #report(): OperatorParts['report'] {
    const { id } = this;
    const { referee } = this.#world;
    const log = (text: () => string): void => this.#world.log(text);
    const silent = () => undefined;
    return {
      mesh: silent,
      scanned: silent,
      restarted: silent,
      evicted: silent,
      recordRefused: silent,
      learnt: silent,
      lost: ({ namespace, name }, outcome) => log(() => `${id}: ${namespace}/${name} ended ${outcome}`),
      notServed: silent,
      ownerUnread: () => undefined,
      metricGatesAsked: silent,
      metricGateClosedLong: ({ gate }) => log(() => `${id}: gate ${gate} has been closed for long`),
      metricGateAnswered: ({ name }, { isOpen, detail }) =>
        log(() => `${id}: gate ${name} is ${isOpen ? 'open' : 'closed'}: ${detail}`),
      question: silent,
      reachable: ({ entry }, problem) => log(() => `${id}: ${entry.configuration} ${problem ?? 'answers again'}`),
      answersChanged: ({ entry }) => log(() => `${id}: ${entry.configuration} gives other answers`),
      answersDiffer: ({ namespace, name }) => log(() => `${id}: ${namespace}/${name} is answered in its own way`),
      scanFailed: (error) => log(() => `${id}: scan failed: ${String(error)}`),
      trouble: (what, error) =>
        log(() => `${id}: trouble with ${typeof what === 'string' ? what : what.name}: ${String(error)}`),
      journalUnreadable: (why) => referee.violated('journal', `${id} cannot read the journal: ${why}`),
      journalRebuilt: (restarts) => log(() => `${id}: found ${restarts.join(', ')} on their workloads`),
      ended: ({ workload }, outcome, detail) =>
        log(() => `${id}: ${workload.namespace}/${workload.name} ended ${outcome}: ${detail}`),
      evaluated: async (plan) => {
        this.planned = { at: plan.at, plan };
      },
    };
  }

  start(): void {
    const { signal } = this.#stop;
    this.#world.log(() => `${this.id}: starts`);
    this.lane.wake(0, () => {
      Promise.all([this.#operator.run(signal), this.#leadership.run(signal, (term) => this.#operator.lead(term))]).then(
        () => this.lane.kill(),
        (error: unknown) => this.#world.referee.violated('operator-died', `${this.id}: ${(error as Error).stack}`),
      );
    });
  }

  get isLeading(): boolean {
    return !this.lane.isDead && this.#leadership.isLeading;
  }

  get isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  manages(namespace: string): boolean {
    return this.scope?.has(namespace) ?? true;
  }

  /** As SIGTERM does. */
  stop(): void {
    this.#world.log(() => `${this.id}: is stopped`);
    this.lane.wake(0, () => this.#stop.abort());
  }

  crash(why: string): void {
    if (this.lane.isDead) return;
    this.#world.log(() => `${this.id}: crashes ${why}`);
    this.lane.kill();
  }

  /** Why a person has paused everything, as far as this process has read. */
  get paused(): string | undefined {
    const said = this.leaseRead[LEASE_ANNOTATION.paused];
    return said === 'false' ? undefined : said;
  }

  /** Its policy file is another now. */
  readPolicy(policy: Policy): void {
    this.policies.read(policy, this.#world.time.now);
    this.#operator.policyChanged();
  }

  readBudgets(budgets: readonly Budget[], namespace: string | undefined): void {
    const namespaces = namespace === undefined ? this.#world.plane.namespaces.keys() : [namespace];
    for (const name of namespaces)
      this.budgetsRead.set(
        name,
        budgets.filter((one) => one.namespace === name),
      );
  }

  #ask({ injection, namespace, name }: Question): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { time, weather, plane, tenant } = this.#world;
    const { there, back, mishap } = weather.read();
    time.after(there, () => {
      let answer: Answer | undefined;
      try {
        answer = plane.answer(injection.entry.revision as RevisionName, name);
        if (tenant.isRefused && namespace === tenant.namespace) answer = REFUSED;
      } catch {
        // nobody answers
      }
      this.lane.wake(back, () => {
        if (!answer || mishap) {
          const reason = { code: 'injector-unreachable', detail: '' } as const;
          this.told.set(`${namespace}/${name}`, { at: time.now, answer: { kind: 'unknown', reason } });
          return reject(new Error('connection refused'));
        }
        this.told.set(`${namespace}/${name}`, { at: time.now, answer });
        resolve(answer);
      });
    });
    return promise;
  }
}
