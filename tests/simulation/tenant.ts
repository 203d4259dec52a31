import type { Budget, Labels, NamespaceFacts } from '../../src/model.ts';
import {
  ANNOTATION,
  FIELD_MANAGER,
  FORTSA_RESTARTED_AT,
  RESTART_ANNOTATION,
  RESTARTED_AT,
  RETRY,
  WINDOW_ANNOTATION,
} from '../../src/names.ts';
import { fingerprint } from '../../src/plan/record.ts';
import { parseTime } from '../../src/rfc3339.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { Controlled } from './controlled.ts';
import { REVISIONS } from './controlPlane.ts';
import type { Manifest } from './manifest.ts';
import { rfc3339, type World } from './world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * Somebody who may write everything in one namespace and nothing anywhere else, and who means harm: what he writes may decide about his own
 * workloads and about nobody else's.
 */
export class Tenant {
  readonly namespace: string;
  readonly #world: World;
  readonly #dice: Dice;
  /** What Meltemi has written on his workloads: he knows how a record looks, and the run that others are in too. */
  readonly #records: Labels[] = [];
  /** His pods never become ready. */
  hangs = false;
  /** A policy of his keeps the webhook from his pods: they are made without sidecar. */
  failsOpen = false;
  /** His templates are such that the injector refuses them. */
  isRefused = false;
  /** Nothing of his may be taken away. */
  isBudgeted = false;
  /** What he did, for the figures. */
  acts = 0;
  #names = 0;

  /** @param dice his own, so that everybody else fares as without him as far as possible */
  constructor(world: World, namespace: string, dice: Dice) {
    this.#world = world;
    this.namespace = namespace;
    this.#dice = dice;
  }

  plan(): void {
    const { time, scenario } = this.#world;
    const count = 3 + this.#dice.below(10);
    for (let index = 0; index < count; index++)
      time.after(this.#dice.below(scenario.eventful), () => this.#act(this.#dice.pick(this.#mine())));
  }

  /** Meltemi has written one of his workloads. Now and then he answers at once. */
  noticed(workload: Controlled): void {
    this.#records.push(workload.manifest.metadata.annotations);
    if (this.#dice.once(2)) this.#world.time.after(this.#dice.below(4 * SECOND), () => this.#act(workload));
  }

  budgets(): Budget[] {
    const { namespace } = this;
    return this.isBudgeted ? [{ namespace, name: 'nothing', selector: {}, allowed: 0, detail: 'nothing may go' }] : [];
  }

  #mine(): Controlled[] {
    return this.#world.existing().filter(({ namespace }) => namespace === this.namespace);
  }

  #act(workload: Controlled | undefined): void {
    if (this.#world.isCalm || !workload || workload.gone) return;
    this.acts += 1;
    const [what, act] = this.#dice.pick(ACTS);
    this.#world.log(() => `the tenant, of ${workload.key}: ${what}`);
    act({ tenant: this, world: this.#world, dice: this.#dice, workload });
  }

  /** A record with some fields forged, in the place of what stands there. */
  forged(workload: Controlled): Labels {
    const fields = Object.values(ANNOTATION).filter(() => !this.#dice.once(3));
    const forged = Object.fromEntries(fields.map((field) => [field, this.#value(field, workload)]));
    return { ...(this.#dice.once(2) && this.copied()), ...forged };
  }

  /** What Meltemi has written on one of his workloads, or what stands on somebody else's. */
  copied(): Labels {
    const theirs = this.#world.existing().map(({ manifest }) => manifest.metadata.annotations);
    return this.#dice.pick(this.#dice.once(2) && this.#records.length > 0 ? this.#records : theirs) ?? {};
  }

  #value(field: string, workload: Controlled): string {
    if (this.#dice.once(25)) return HUGE;
    if (field === ANNOTATION.restartedAt) return this.time(workload);
    if (field === ANNOTATION.writes)
      return Array.from(
        { length: this.#dice.below(15) },
        () => this.time(workload) + this.#dice.pick(['', ' ok']),
      ).join();
    if (field === ANNOTATION.restartedFor) return this.#target();
    if (field === ANNOTATION.attempts)
      return this.#dice.pick(['0', '1', '-1000', '99999999999999999999', 'NaN', 'two']);
    if (field === ANNOTATION.outcome) return this.#dice.pick(OUTCOMES);
    return this.copied()[field] ?? this.#dice.pick(['', 'x', '\u001b[31m', '__proto__']);
  }

  #target(): string {
    const { plane } = this.#world;
    const { image, revision } = plane.expected({ namespace: this.namespace, name: '' });
    return this.#dice.pick([fingerprint({ image, revision, placement: 'container' }), 'x', '']);
  }

  /** A time that somebody might believe, or not. */
  time(workload: Controlled): string {
    const { now } = this.#world.time;
    const last = workload.manifest.spec.template.metadata.annotations[RESTARTED_AT];
    const made = [
      now - this.#dice.below(10 * MINUTE),
      now + this.#dice.below(10 * MINUTE),
      now - 2 * DAY,
      now + 30 * DAY,
      now + this.#dice.below(2 * HOUR),
    ].map(rfc3339);
    return this.#dice.pick([
      ...made,
      last ?? '',
      '9998-12-31T23:59:59Z',
      '9998-12-31T23:59:59Z',
      'yesterday',
      '0',
      '-1',
    ]);
  }

  /** Another workload of the same name. */
  remake(workload: Controlled): void {
    if (this.#world.ending.has(this.namespace)) return;
    workload.remove();
    this.#names += 1;
    this.#world.remake(workload, `uid-of-the-tenant-${this.#names}`);
  }

  describe(facts: NamespaceFacts): void {
    if (this.#world.ending.has(this.namespace)) return;
    this.#world.plane.describe(this.namespace, facts);
    this.#world.plane.labelledAt.set(this.namespace, this.#world.time.now);
    this.#world.meshChanged();
  }
}

interface Occasion {
  readonly tenant: Tenant;
  readonly world: World;
  readonly dice: Dice;
  readonly workload: Controlled;
}

/** More than any field of a record may be long, and nearly all that an object may carry. */
const HUGE = '2026-01-01T00:00:00Z,'.repeat(10_000);

const WINDOWS = [
  'daily 00:00-24:00 UTC',
  'Mon 01:00-02:00 Pacific/Apia',
  '',
  'daily 00:00-24:00 UTC;'.repeat(12),
  'daily 00:00-24:00 __proto__',
  HUGE,
];

const OUTCOMES = [
  '',
  'verified',
  'reverted',
  'superseded',
  'superseded:expectation',
  'failed:no-sidecar',
  'failed:timeout',
  'failed:',
  'unknown',
  'constructor',
];

const OWNERS = [
  ['kafka.strimzi.io/v1', 'Kafka'],
  ['example.org/v1', 'Kafka'],
  ['example.org/v1', 'Redis'],
  ['v1', ''],
  ['made/up/v1', '__proto__'],
] as const;

const annotate = ({ manifest }: Controlled, annotations: Labels): Manifest => ({
  ...manifest,
  metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, ...annotations } },
});

const inTemplate = ({ manifest }: Controlled, annotations: Labels): Manifest => {
  const { template } = manifest.spec;
  return {
    ...manifest,
    spec: { ...manifest.spec, template: { ...template, metadata: { ...template.metadata, annotations } } },
  };
};

/** Another template: what of the restart in it is gone or older than it was counts as taken back. */
function rewind(workload: Controlled, world: World, annotations: Labels): void {
  const [before, after] = [workload.manifest.spec.template.metadata.annotations, annotations].map(
    (one) => parseTime(one[RESTARTED_AT]) ?? 0,
  ) as [number, number];
  if (after < before) world.referee.tookBack(workload);
  workload.write(inTemplate(workload, annotations));
}

/** All that he does. A row more is an act more: what Meltemi reads in a namespace belongs here. */
const ACTS: readonly (readonly [string, (occasion: Occasion) => void])[] = [
  ...Array.from({ length: 5 }, () => ['forges a record', forge] as const),
  ['copies a record', ({ tenant, workload }) => workload.write(annotate(workload, tenant.copied()))],
  ['asks for a retry', ask],
  ['asks for a retry', ask],
  [
    'asks for a retry with a letter',
    ({ workload, dice }) => workload.write(annotate(workload, { [RETRY]: HUGE + dice.below(9) })),
  ],
  [
    'writes a restart into the template',
    ({ tenant, workload, world, dice }) => {
      const key = dice.pick([RESTARTED_AT, RESTARTED_AT, FORTSA_RESTARTED_AT]);
      const { annotations } = workload.manifest.spec.template.metadata;
      rewind(workload, world, { ...annotations, [key]: tenant.time(workload) });
    },
  ],
  ['takes a restart back', ({ workload, world }) => rewind(workload, world, {})],
  [
    'gives it to somebody',
    ({ workload, dice }) => {
      const [apiVersion, kind] = dice.pick(OWNERS);
      const owner = { apiVersion, kind, name: 'x', uid: 'made-up', controller: true };
      const { metadata } = workload.manifest;
      const ownerReferences = dice.once(4) ? [] : [owner];
      workload.write({ ...workload.manifest, metadata: { ...metadata, ownerReferences } });
    },
  ],
  [
    'writes as Meltemi',
    ({ workload, tenant }) => {
      const ours = { manager: FIELD_MANAGER, operation: 'Update', time: tenant.time(workload), fieldsV1: {} };
      const { metadata } = workload.manifest;
      workload.write({ ...workload.manifest, metadata: { ...metadata, managedFields: [ours] } });
    },
  ],
  [
    'opts out, or nearly',
    ({ workload, dice }) =>
      workload.write(annotate(workload, { [RESTART_ANNOTATION]: dice.pick(['false', 'true', 'maybe', HUGE]) })),
  ],
  [
    'says when, or nearly',
    ({ workload, dice }) => workload.write(annotate(workload, { [WINDOW_ANNOTATION]: dice.pick(WINDOWS) })),
  ],
  ['makes another of the same name', ({ tenant, workload }) => tenant.remake(workload)],
  ['makes another of the same name', ({ tenant, workload }) => tenant.remake(workload)],
  [
    'scales it',
    ({ workload, dice }) => {
      const { spec } = workload.manifest;
      if (workload.kind !== 'DaemonSet')
        workload.write({ ...workload.manifest, spec: { ...spec, replicas: dice.below(5) } });
    },
  ],
  [
    'pauses its rollout',
    ({ workload }) => {
      const { spec } = workload.manifest;
      if (workload.kind === 'Deployment')
        workload.write({ ...workload.manifest, spec: { ...spec, paused: !spec.paused } });
    },
  ],
  [
    'labels his namespace',
    ({ tenant, dice }) => {
      const revision = dice.pick([...REVISIONS, 'nobody', undefined]);
      const said = dice.once(2) ? { [WINDOW_ANNOTATION]: dice.pick(WINDOWS) } : undefined;
      const annotations = dice.once(3) ? { [RESTART_ANNOTATION]: dice.pick(['false', 'x']) } : said;
      tenant.describe({ labels: { ...(revision && { 'istio.io/rev': revision }) }, annotations: annotations ?? {} });
    },
  ],
  ['evicts a pod', ({ workload }) => workload.live[0] && workload.evict(workload.live[0])],
  ['forbids all disruptions', toggle('isBudgeted')],
  ['lets his pods hang', toggle('hangs')],
  ['keeps his pods from the webhook', toggle('failsOpen')],
  ['writes what the injector refuses', toggle('isRefused')],
];

function forge({ tenant, workload }: Occasion): void {
  workload.write(annotate(workload, tenant.forged(workload)));
}

function ask({ workload, world }: Occasion): void {
  workload.write(annotate(workload, { [RETRY]: String(world.time.now) }));
}

function toggle(what: 'isBudgeted' | 'hangs' | 'failsOpen' | 'isRefused') {
  return ({ tenant }: Occasion): void => {
    tenant[what] = !tenant[what];
  };
}
