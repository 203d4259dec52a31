import { signal } from '../../testbed/identity.ts';
import { alive, type Running } from '../../testbed/processes.ts';
import { Testbed } from '../../testbed/testbed.ts';
import { until } from '../../testbed/until.ts';
import type { Dice } from '../../unit/fuzz/dice.ts';
import { Versions } from '../versions.ts';
import { INCLUDED, make, NAMESPACES } from './chaosFleet.ts';
import { ChaosPolicy, USUAL } from './chaosPolicy.ts';
import { LyingInjector } from './lyingInjector.ts';
import { Replica } from './replica.ts';

const READY_MS = 90_000;

/** The cluster, the mesh, the two operators and the workloads that faults happen to. */
export class Arena {
  readonly bed: Testbed;
  readonly injector: LyingInjector;
  readonly policy: ChaosPolicy;
  readonly replicas: readonly Replica[];
  /** What the mesh had before its last upgrade. */
  versionBefore: string;
  readonly #versions: Versions;

  private constructor(
    bed: Testbed,
    injector: LyingInjector,
    policy: ChaosPolicy,
    replicas: Replica[],
    versions: Versions,
  ) {
    this.bed = bed;
    this.injector = injector;
    this.policy = policy;
    this.replicas = replicas;
    this.#versions = versions;
    this.versionBefore = versions.version();
  }

  /** Brings all of it up, and waits until the workloads are ready, one operator leads and the other stands by. */
  static async up(): Promise<Arena> {
    const bed = await Testbed.up();
    const injector = await LyingInjector.up();
    try {
      const versions = new Versions();
      const values = { istiodRemote: { injectionURL: injector.url } };
      await bed.istio.install({ revision: 'default', version: versions.version(), values });
      await injector.certify(bed);
      await Promise.all(NAMESPACES.map((namespace) => make(bed, namespace)));
      await Promise.all(NAMESPACES.map((namespace) => bed.waitReady(namespace, READY_MS)));
      const policy = new ChaosPolicy(bed.path('chaos.yaml'));
      const users = ['meltemi-chaos-one', 'meltemi-chaos-other'];
      const replicas = await Promise.all(users.map((user) => Replica.make(bed, user, policy.path)));
      const arena = new Arena(bed, injector, policy, replicas, versions);
      for (const replica of replicas) replica.start();
      await until('both operators to be ready', READY_MS, () => replicas.every(({ hasScanned }) => hasScanned));
      return arena;
    } catch (error) {
      await injector.down();
      await bed.down();
      throw error;
    }
  }

  get version(): string {
    return this.#versions.version();
  }

  /** Upgrades the mesh. */
  async upgrade(): Promise<void> {
    this.versionBefore = this.version;
    await this.bed.istio.upgrade('default', this.#versions.nextVersion());
  }

  /** The operator that leads, or else the first. */
  get leader(): Replica {
    return this.replicas.find(({ isRunning, isLeading }) => isRunning && isLeading) ?? this.#first;
  }

  get standby(): Replica {
    return this.replicas.find((replica) => replica !== this.leader) ?? this.#first;
  }

  get #first(): Replica {
    const [first] = this.replicas;
    if (!first) throw new Error('the arena has no operators');
    return first;
  }

  /** The leader most often, else the one that stands by, or both. */
  some(dice: Dice): readonly Replica[] {
    const thrown = dice.below(5);
    if (thrown === 4) return this.replicas;
    return [thrown === 3 ? this.standby : this.leader];
  }

  /** A program of the testbed that runs. */
  program(name: string): Running {
    const found = alive(this.bed.state).find((running) => running.name.startsWith(name));
    if (!found) throw new Error(`${name} does not run`);
    return found;
  }

  /** Stops a program of the testbed where it stands, and returns what lets it go on. */
  freeze(name: string): () => void {
    const running = this.program(name);
    signal(running, 'SIGSTOP');
    return () => signal(running, 'SIGCONT');
  }

  /** Waits until an operator has restarted or evicted something, or for so many milliseconds. */
  async atWork(milliseconds: number): Promise<void> {
    const done = (): string => this.replicas.map(({ deeds }) => deeds).join();
    const before = done();
    await until('an operator to do something', milliseconds, () => done() !== before, 20).catch(() => undefined);
  }

  /** What faults should have undone, undone again for certain. */
  async calm(): Promise<void> {
    for (const running of alive(this.bed.state)) signal(running, 'SIGCONT');
    this.injector.lie = undefined;
    this.policy.write(USUAL);
    for (const replica of this.replicas) {
      replica.api.calm();
      replica.clock.set(0);
      replica.thaw();
      replica.start();
    }
    await this.injector.certify(this.bed);
  }

  /** Waits until every pod of what may be restarted is ready with the mesh's version. */
  async current(milliseconds: number): Promise<void> {
    await until(`all pods to have ${this.version}`, milliseconds, async () => {
      const pods = (await Promise.all(INCLUDED.map((namespace) => this.bed.sidecars(namespace)))).flat();
      const wrong = pods.filter(({ ready, image }) => !ready || !image.endsWith(`:${this.version}`));
      return (
        (pods.length > 0 && wrong.length === 0) || new Error(wrong.map(({ pod, image }) => `${pod} ${image}`).join())
      );
    });
  }

  async down(): Promise<void> {
    for (const running of alive(this.bed.state)) signal(running, 'SIGCONT');
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    await Promise.all(this.replicas.map(({ api }) => api.down()));
    await this.injector.down();
    await this.bed.down();
  }
}
