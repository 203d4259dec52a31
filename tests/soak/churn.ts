import { Versions } from '../live/versions.ts';
import { pathOf } from '../testbed/paths.ts';
import type { Testbed } from '../testbed/testbed.ts';
import type { Dice } from '../unit/fuzz/dice.ts';

const TEAMS = 4;
const KINDS = ['Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'] as const;
/** Workloads of a namespace. */
const MOST = 8;

interface Made {
  readonly kind: (typeof KINDS)[number];
  readonly namespace: string;
  readonly name: string;
}

/** People at work on a mesh, by dice: they deploy, scale, delete, relabel and upgrade, so that there is always something to restart. */
export class Churn {
  readonly #bed: Testbed;
  readonly #dice: Dice;
  readonly #versions = { default: new Versions(), canary: new Versions() };
  readonly #made: Made[] = [];
  #names = 0;
  /** How often each act was done. */
  readonly counts = new Map<string, number>();

  constructor(bed: Testbed, dice: Dice) {
    this.#bed = bed;
    this.#dice = dice;
  }

  /** Two revisions with a tag each, and some workloads in each namespace. */
  async begin(): Promise<void> {
    const { istio } = this.#bed;
    for (const revision of REVISIONS)
      await istio.install({ revision, version: this.#versions[revision].version(), tags: [`to-${revision}`] });
    for (const namespace of this.#teams()) {
      await this.#bed.namespace(namespace, { 'istio.io/rev': 'to-default' });
      for (let index = 0; index < MOST / 2; index++) await this.#deploy(namespace);
    }
  }

  /** One act. */
  async act(): Promise<void> {
    const [name, act] = this.#dice.pick(this.#acts);
    await act();
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  readonly #acts: readonly (readonly [name: string, act: () => Promise<void>])[] = [
    ['deploy', () => this.#deploy(this.#dice.pick(this.#teams()))],
    ['change a template', () => this.#patch({ spec: { template: { metadata: { annotations: this.#mark() } } } })],
    ['scale', () => this.#patch({ spec: { replicas: 1 + this.#dice.below(4) } }, 'DaemonSet')],
    ['delete', () => this.#delete()],
    ['relabel', () => this.#relabel()],
    ['upgrade', () => this.#upgrade()],
    ['move a tag', () => this.#bed.istio.setTag('to-default', this.#dice.pick(REVISIONS))],
    ['replace a namespace', () => this.#replace()],
  ];

  #teams(): string[] {
    return Array.from({ length: TEAMS }, (_, index) => `team-${index}`);
  }

  #mark(): Record<string, string> {
    return { 'example.org/change': String(this.#names++) };
  }

  async #deploy(namespace: string): Promise<void> {
    const here = this.#made.filter((one) => one.namespace === namespace);
    if (here.length >= MOST) return this.#delete(here[0]);
    const made: Made = { kind: this.#dice.pick(KINDS), namespace, name: `app-${this.#names++}` };
    const replicas = 1 + this.#dice.below(3);
    await this.#bed.deploy({ ...made, ...(made.kind !== 'DaemonSet' && { replicas }), readyAfter: '1s' });
    this.#made.push(made);
  }

  async #patch(change: object, but?: string): Promise<void> {
    const some = this.#made.filter(({ kind }) => kind !== but);
    if (some.length === 0) return;
    const { kind, namespace, name } = this.#dice.pick(some);
    await this.#bed.api.patch(pathOf(kind, namespace, name), change);
  }

  async #delete(given?: Made): Promise<void> {
    if (this.#made.length === 0) return;
    const one = given ?? this.#dice.pick(this.#made);
    await this.#bed.api.delete(pathOf(one.kind, one.namespace, one.name));
    this.#made.splice(this.#made.indexOf(one), 1);
  }

  #relabel(): Promise<void> {
    const revision = this.#dice.pick(['to-default', 'to-canary', 'canary']);
    return this.#bed.label(this.#dice.pick(this.#teams()), { 'istio.io/rev': revision });
  }

  #upgrade(): Promise<void> {
    const revision = this.#dice.pick(REVISIONS);
    return this.#bed.istio.upgrade(revision, this.#versions[revision].nextVersion());
  }

  /** Deletes a namespace with everything in it, and makes one of that name again. */
  async #replace(): Promise<void> {
    const namespace = this.#dice.pick(this.#teams());
    await this.#bed.deleteNamespace(namespace);
    for (const one of this.#made.filter((other) => other.namespace === namespace))
      this.#made.splice(this.#made.indexOf(one), 1);
    await this.#bed.namespace(namespace, { 'istio.io/rev': 'to-default' });
    await this.#deploy(namespace);
  }
}

const REVISIONS = ['default', 'canary'] as const;
