import { setTimeout as sleep } from 'node:timers/promises';
import { keyOf } from '../../src/model.ts';
import { policy } from '../builders/policy.ts';
import { REVISIONS, type RevisionName } from '../simulation/controlPlane.ts';
import { CALM, type Scenario, type WorkloadDraft } from '../simulation/scenario.ts';
import { ALWAYS } from '../simulation/times.ts';
import { World } from '../simulation/world.ts';
import type { NamespaceState } from './board.ts';
import { type Goal, MAX_IN_FLIGHT, type Mesh, NAMESPACES, NEW, OLD, PARTS, type Part } from './story.ts';

const SECOND = 1000;
/** Virtual milliseconds from one look to the next. */
const STEP = 250;
/** Which dice are thrown for how long pods take. */
const SEED = 1;

/**
 * The story's mesh in the simulator. The operator is the real one, with its leader election; cluster, control planes and clock are
 * simulated. Its time passes as fast as ours, for people to watch.
 */
export class SimulatedMesh implements Mesh {
  readonly #world = new World(SEED, false, scenarioOf(PARTS));

  constructor() {
    this.#world.boot();
  }

  /** Lets time pass until `isDone` says so, which is asked once a step. */
  async play(isDone: () => boolean, signal: AbortSignal): Promise<void> {
    while (!isDone()) {
      await sleep(STEP, undefined, { signal });
      await this.#pass(STEP);
    }
  }

  /** Ends the operator. */
  stop(): void {
    for (const { lane } of this.#world.processes) lane.kill();
  }

  /** As Helm does it: the ConfigMap first, then the Deployment, whose old replicas answer until the rollout is complete. */
  async upgrade(revision: string, version: string): Promise<void> {
    const name = nameOf(revision);
    const { plane, time } = this.#world;
    const before = plane.state(name).deployed;
    const change = (...given: Parameters<typeof plane.change>): void => {
      plane.change(...given);
      this.#changed();
    };
    change(name, { configured: version });
    time.after(SECOND, () => change(name, { deployed: version, rolling: true, serving: [before, version] }));
    time.after(4 * SECOND, () => change(name, { rolling: false, serving: [version] }));
  }

  async setTag(tag: string, revision: string): Promise<void> {
    this.#world.plane.tag(tag, nameOf(revision));
    this.#changed();
  }

  async setRevision(namespace: string, revision: string): Promise<void> {
    this.#world.plane.label(namespace, revision);
    this.#changed();
  }

  /** The namespaces as the simulated pods show them. */
  look(goals: Readonly<Record<string, Goal>>): NamespaceState[] {
    const { referee } = this.#world;
    const items = this.#world.processes.at(-1)?.planned?.plan.items ?? [];
    return Object.entries(goals).map(([namespace, goal]) => {
      const here = this.#world.existing().filter((one) => one.namespace === namespace);
      const wrong = here.filter(({ live }) => !live.every(({ ready, facts }) => ready && has(goal, facts.sidecar)));
      const busy = wrong.filter((one) => {
        const last = referee.lastOf(one);
        return last !== undefined && referee.isOpen(last);
      });
      const waits = items.flatMap(({ workload, step }) =>
        step.action === 'wait' && wrong.some(({ key }) => key === keyOf(workload)) ? [step.reason] : [],
      );
      return {
        namespace,
        outdated: wrong.length - busy.length,
        restarting: busy.length,
        current: here.length - wrong.length,
        waiting: waits[0] ? `${waits[0].code}: ${waits[0].detail}` : '',
      };
    });
  }

  #changed(): void {
    this.#world.plane.changedAt = this.#world.time.now;
    this.#world.meshChanged();
  }

  async #pass(milliseconds: number): Promise<void> {
    const { time } = this.#world;
    let isOver = false;
    time.after(milliseconds, () => {
      isOver = true;
    });
    await time.pass(() => isOver);
  }
}

const has = ({ version, revision }: Goal, sidecar: { readonly image: string; readonly revision: string }): boolean =>
  sidecar.image.endsWith(`:${version}`) && sidecar.revision === revision;

function nameOf(revision: string): RevisionName {
  const name = REVISIONS.find((one) => one === revision);
  if (!name) throw new Error(`the simulator has no revision ${revision}`);
  return name;
}

function scenarioOf(parts: readonly Part[]): Scenario {
  const labels = Object.entries(NAMESPACES).map(([namespace, { revision = 'default' }]) => [namespace, revision]);
  return {
    flavour: 'plain',
    admission: 'keeps',
    policy: policy({
      maxInFlight: MAX_IN_FLIGHT,
      istiodConfigReadDelay: SECOND,
      annotationCooldown: 0,
    }),
    reconcilePeriod: 60 * SECOND,
    namespaces: Object.keys(NAMESPACES),
    tenant: { namespace: 'nobody', workloads: [] },
    workloads: [...parts, GATEWAY].map(draftOf),
    budgets: [],
    vault: undefined,
    configured: false,
    sharing: 'none',
    times: ALWAYS,
    own: undefined,
    start: {
      versions: { default: OLD, canary: NEW },
      tags: { prod: 'default' },
      labels: Object.fromEntries(labels),
    },
    visible: true,
    eventful: 0,
    lag: 200,
    knobs: CALM,
  };
}

/** Istio's chart makes the real one. */
const GATEWAY: Part = { kind: 'Deployment', namespace: 'ingress', name: 'gateway', replicas: 1, readyAfter: 1 };

const draftOf = ({ kind, namespace, name, replicas }: Part): WorkloadDraft => ({
  kind,
  namespace,
  name,
  replicas,
  strategy: 'RollingUpdate',
  maxUnavailable: 1,
  partition: 0,
  paused: false,
  optedOut: false,
  undisturbed: false,
  claimed: false,
  owner: undefined,
  reverter: undefined,
  group: name,
  progressDeadline: 600 * SECOND,
  rolloutGroup: undefined,
  ownVault: false,
  window: undefined,
});
