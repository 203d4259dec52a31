import { ANNOTATION, LEASE_ANNOTATION, RESTARTED_AT, RETRY } from '../../src/names.ts';
import { sidecarConfig } from '../../src/pods/sidecarConfig.ts';
import type { Controlled } from './controlled.ts';
import { REVISIONS, type RevisionName } from './controlPlane.ts';
import type { Manifest } from './manifest.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import { planShifts } from './shifts.ts';
import { rfc3339, type World } from './world.ts';

const SECOND = 1000;
const VERSIONS = ['1.30.2', '1.31.0', '1.31.1', '1.32.0'];

/** Plans all that happens to a world besides what operators and controllers do: upgrades, faults, owners and people. */
export function planEvents(world: World): void {
  if (world.scenario.vault === 'late')
    world.time.after(world.dice.below(world.scenario.eventful), () => world.vault?.renew());
  const { dice, time, scenario } = world;
  const { knobs, eventful } = scenario;
  const sometime = (): number => 10 * SECOND + dice.below(eventful - 60 * SECOND);
  const times = (count: number, act: () => void): void => {
    for (let index = 0; index < count; index++) time.after(sometime(), () => world.isCalm || act());
  };
  for (let index = 0; index < knobs.upgrades; index++)
    time.after(5 * SECOND + index * (knobs.upgradeEvery / 2 + dice.below(knobs.upgradeEvery)), () => upgrade(world));
  times(dice.below(knobs.relapses + 1), () => relapse(world));
  times(knobs.failsOpen, () => failOpen(world));
  times(knobs.outages, () => silence(world));
  times(knobs.crashes, () => crash(world));
  times(knobs.freezes, () => freeze(world));
  times(knobs.broken, () => breakWatches(world));
  for (let index = 0; index < knobs.behind; index++)
    time.after(10 * SECOND + world.behindDice.below(eventful - 60 * SECOND), () => world.isCalm || fallBehind(world));
  times(dice.below(knobs.people + 1), () => meddle(world));
  times(knobs.vandals, () => vandalise(world));
  if (scenario.configured) times(4, () => resize(world));
  world.tenant.plan();
  planShifts(world, upgrade);
  world.onChange((changed) => reconcile(world, changed));
  time.after(eventful, () => settle(world));
}

/**
 * An in-place upgrade or a rollback, as Helm does it: the ConfigMap first, then the Deployment; or namespaces moved to the other revision.
 */
export function upgrade(world: World): void {
  const { dice, plane, time, scenario } = world;
  if (world.isCalm) return;
  const name = dice.once(4) ? 'canary' : 'default';
  if (dice.once(5)) {
    const namespace = dice.pick(scenario.namespaces);
    if (world.ending.has(namespace)) return;
    const other = plane.revisionOf(namespace) === 'default' ? 'canary' : 'default';
    world.log(() => `namespace ${namespace} moves to revision ${other}`);
    plane.label(namespace, other);
    if (scenario.shifts) plane.labelledAt.set(namespace, world.time.now);
    changed(world);
    return;
  }
  const before = plane.state(name);
  // one after the other, as people do it
  if (before.configured !== before.deployed || before.rolling) return;
  const known = scenario.shifts ? [...VERSIONS, ...VERSIONS.map((one) => `/${one}`)] : VERSIONS;
  const version = dice.pick(known.filter((one) => one !== before.configured));
  world.log(() => `revision ${name} goes from ${before.configured} to ${version}`);
  // where istiod cannot be seen, nobody can wait for its rollout: two equal answers are all there is to go by
  if (!scenario.visible) {
    plane.change(name, { configured: version, deployed: version, serving: [version] });
    changed(world);
    return;
  }
  plane.change(name, { configured: version });
  changed(world);
  time.after(dice.below(2 * SECOND), () => {
    plane.change(name, { deployed: version, rolling: true, serving: [before.deployed, version] });
    changed(world);
    time.after((5 + dice.below(30)) * SECOND, () => {
      world.log(() => `istiod of revision ${name} is at ${version}`);
      plane.change(name, { rolling: false, serving: [version] });
      changed(world);
    });
  });
}

function changed(world: World): void {
  world.plane.changedAt = world.time.now;
  world.meshChanged();
}

/** A pod of a workload that was right is made anew and has no sidecar. */
export function relapse(world: World): void {
  const { dice, plane } = world;
  const workload = dice.pick(world.others());
  const pod = workload?.replaceable.find(({ ready }) => ready);
  if (!workload || !pod) return;
  const revision = plane.revisionOf(workload.namespace);
  if (plane.state(revision).failingOpen) return;
  world.log(() => `${pod.facts.name} is evicted, and the API server does not reach the injector for a moment`);
  plane.change(revision, { failingOpen: true });
  workload.evict(pod);
  world.time.after(2500, () => plane.change(revision, { failingOpen: false }));
}

const RESIZED = sidecarConfig({ args: ['resized'] });

/** An autoscaler changes how the proxies of running pods are configured. */
function resize(world: World): void {
  const workload = world.dice.pick(world.others());
  if (!workload || !RESIZED) return;
  world.log(() => `the proxies of ${workload.key} are resized`);
  workload.resize(RESIZED);
}

function failOpen(world: World): void {
  const revision = world.dice.pick(REVISIONS);
  world.log(() => `the webhook of revision ${revision} fails open`);
  world.plane.change(revision, { failingOpen: true });
  world.time.after((30 + world.dice.below(90)) * SECOND, () => mend(world, revision));
}

function silence(world: World): void {
  const revision = world.dice.pick(REVISIONS);
  const down = world.dice.once(2);
  world.log(() => `the injector of revision ${revision} ${down ? 'is down' : 'refuses pods'}`);
  world.plane.change(revision, down ? { down } : { refusing: true });
  world.time.after((5 + world.dice.below(90)) * SECOND, () => mend(world, revision));
}

function mend(world: World, revision: RevisionName): void {
  world.log(() => `the injector of revision ${revision} is well`);
  world.plane.change(revision, { failingOpen: false, down: false, refusing: false });
}

const running = (world: World): OperatorProcess[] => world.processes.filter(({ lane }) => !lane.isDead);
const busiest = (world: World): OperatorProcess | undefined =>
  running(world).find(({ isLeading }) => isLeading) ?? running(world)[0];

function crash(world: World): void {
  const process = busiest(world);
  if (!process) return;
  if (world.dice.once(3)) process.stop();
  else process.crash('somewhere');
  world.time.after(SECOND + world.dice.below(60 * SECOND), () => world.boot());
}

/** A process is stopped for longer than its lease lasts, most often while it restarts something. */
function freeze(world: World): void {
  const process = busiest(world);
  if (!process || process.lane.isFrozen) return;
  world.log(() => `${process.id}: is frozen`);
  process.lane.freeze();
  world.time.after((5 + world.dice.below(80)) * SECOND, () => {
    world.log(() => `${process.id}: goes on`);
    process.lane.thaw();
  });
}

/** Shorter than a contradiction has to last, by far: a look that began before it may still be used after it. */
const BEHIND = 12;

/**
 * A replica that has not read the last change answers for a while, and just then the leader ends, so that another asks for the first time.
 * Pods that are made meanwhile get the old proxy.
 */
function fallBehind(world: World): void {
  const { behindDice: dice, plane, time } = world;
  const revision = dice.pick(REVISIONS);
  const { configured, deployed, rolling, before } = plane.state(revision);
  if (before === undefined || before === configured || configured !== deployed || rolling) return;
  world.log(() => `a replica of revision ${revision} is still at ${before}`);
  plane.change(revision, { behind: before });
  time.after((2 + dice.below(BEHIND)) * SECOND, () => {
    world.log(() => `all replicas of revision ${revision} are at ${configured}`);
    plane.change(revision, { behind: undefined });
  });
  const leader = world.processes.find(({ isLeading }) => isLeading);
  if (!leader) return;
  leader.stop();
  time.after((20 + dice.below(40)) * SECOND, () => world.boot());
}

function breakWatches(world: World): void {
  const process = busiest(world);
  if (!process) return;
  world.log(() => `${process.id}: its watches break`);
  process.lane.wake(0, () => process.view.break());
  world.time.after((5 + world.dice.below(60)) * SECOND, () => mendWatches(world, process));
}

/** The process that leads still knows what is taken from it. */
function vandalise(world: World): void {
  const whole = world.dice.once(2);
  world.log(() => `somebody deletes ${whole ? 'the Lease' : 'the journal'}`);
  if (whole) world.lease.remove();
  else world.lease.annotate({ [LEASE_ANNOTATION.journal]: undefined });
}

function mendWatches(world: World, process: OperatorProcess): void {
  process.lane.wake(0, () => process.view.mend(world.plane.mesh()));
}

const edited = (manifest: Manifest, annotations: Readonly<Record<string, string>>): Manifest => ({
  ...manifest,
  metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, ...annotations } },
});

const withTemplate = ({ spec }: Manifest, annotations: Readonly<Record<string, string>>): Manifest['spec'] => ({
  ...spec,
  template: { ...spec.template, metadata: { ...spec.template.metadata, annotations } },
});

type Deed = (world: World, workload: Controlled) => void;

const DEEDS: Readonly<Record<string, Deed>> = {
  'rolls it with kubectl': (world, workload) => {
    // with OnDelete they also have to delete its pods, and may forget to
    if (workload.workload.strategy === 'OnDelete' && world.dice.once(2))
      world.time.after(60 * SECOND, () => {
        for (const pod of workload.gone ? [] : workload.live) workload.evict(pod);
      });
    workload.write({
      ...workload.manifest,
      spec: withTemplate(workload.manifest, {
        ...workload.manifest.spec.template.metadata.annotations,
        [RESTARTED_AT]: rfc3339(world.time.now),
      }),
    });
  },
  'asks for a retry': (world, workload) =>
    workload.write(edited(workload.manifest, { [RETRY]: String(world.time.now) })),
  'scales it to zero and back': (world, workload) => {
    const { replicas = 1 } = workload.manifest.spec;
    if (workload.kind === 'DaemonSet' || replicas === 0) return;
    const scale = (to: number): void =>
      workload.write({ ...workload.manifest, spec: { ...workload.manifest.spec, replicas: to } });
    scale(0);
    if (world.dice.once(2)) world.time.after(90 * SECOND, () => workload.gone || scale(replicas));
  },
  'deletes it': (_world, workload) => workload.remove(),
  'makes another of the same name': (world, workload) => {
    if (world.ending.has(workload.namespace)) return;
    workload.remove();
    world.remake(workload, `another-${workload.manifest.metadata.uid}`);
  },
  'pauses its rollout for a while': (world, workload) => {
    if (workload.kind !== 'Deployment') return;
    const pause = (paused: boolean): void =>
      workload.write({ ...workload.manifest, spec: { ...workload.manifest.spec, paused } });
    pause(true);
    world.time.after(60 * SECOND, () => workload.gone || pause(false));
  },
  'pauses Meltemi for a while': (world) => {
    world.lease.annotate({ [LEASE_ANNOTATION.paused]: 'let me look' });
    world.time.after(60 * SECOND, () => world.lease.annotate({ [LEASE_ANNOTATION.paused]: undefined }));
  },
  'tells Meltemi to go on': (world) => world.lease.annotate({ [LEASE_ANNOTATION.resume]: String(world.time.now) }),
};

/** Somebody does something to a workload: scales, deletes, deploys, opts out and so on. */
export function meddle(world: World): void {
  const { dice } = world;
  const workload = dice.pick(world.others());
  const [what, deed] = dice.pick(Object.entries(DEEDS));
  if (!workload) return;
  world.log(() => `somebody, of ${workload.key}: ${what}`);
  deed(world, workload);
}

/** What an owner does when its workload is not as in its manifest. */
function reconcile(world: World, workload: Controlled): void {
  const reverter = world.drafts.get(workload.key)?.reverter;
  if (!reverter || reverter === 'apply' || workload.gone || !isForeign(workload, reverter)) return;
  if (reconciling.has(workload)) return;
  reconciling.add(workload);
  // now and then at once, before any controller has seen what was written
  const after = world.dice.once(3) ? world.dice.below(40) : 1500 + world.dice.below(15 * SECOND);
  world.time.after(after, () => {
    reconciling.delete(workload);
    if (workload.gone || !isForeign(workload, reverter)) return;
    takeBack(world, workload, reverter === 'put');
  });
}

const reconciling = new WeakSet<Controlled>();
const OURS: readonly string[] = Object.values(ANNOTATION);

const isForeign = ({ manifest }: Controlled, reverter: string): boolean =>
  manifest.spec.template.metadata.annotations[RESTARTED_AT] !== undefined ||
  manifest.spec.restartAt !== undefined ||
  (reverter === 'put' && OURS.some((key) => manifest.metadata.annotations[key] !== undefined));

function takeBack(world: World, workload: Controlled, whole: boolean): void {
  const { manifest } = workload;
  const { [RESTARTED_AT]: annotated, ...kept } = manifest.spec.template.metadata.annotations;
  const { restartAt, ...spec } = manifest.spec;
  const ours = annotated ?? restartAt;
  const own = Object.entries(manifest.metadata.annotations).filter(([key]) => !whole || !OURS.includes(key));
  const managedFields = manifest.metadata.managedFields.filter(({ manager }) => !whole || manager !== 'meltemi');
  world.log(
    () => `the owner of ${workload.key} puts it back${whole ? ' whole' : ''}${ours ? ', the restart with it' : ''}`,
  );
  if (ours !== undefined) world.referee.tookBack(workload);
  workload.write({
    metadata: { ...manifest.metadata, annotations: Object.fromEntries(own), managedFields },
    spec: annotated === undefined ? spec : withTemplate({ ...manifest, spec }, kept),
  });
}

/** From now on the world is well: what has hung may hang on, what was broken is mended, and one operator runs at least. */
function settle(world: World): void {
  const { dice, plane } = world;
  world.calm();
  world.rights.regainAll();
  world.failing.clear();
  for (const revision of REVISIONS) {
    mend(world, revision);
    const { configured } = plane.state(revision);
    plane.change(revision, { deployed: configured, rolling: false, serving: [configured], hasWebhook: true });
  }
  for (const process of running(world)) {
    process.lane.thaw();
    process.view.mend(plane.mesh());
  }
  changed(world);
  for (const workload of world.others()) if (workload.fate === 'hangs' && dice.once(2)) workload.heal();
  if (dice.below(5) > 0) world.lease.annotate({ [LEASE_ANNOTATION.paused]: undefined });
  if (running(world).length === 0) world.boot();
}
