import { noSidecar } from '../../src/compare/orphan.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import { fingerprint } from '../../src/plan/record.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { Controlled } from './controlled.ts';
import { REVISIONS } from './controlPlane.ts';
import type { World } from './world.ts';

const SECOND = 1000;
const LABEL = 'istio.io/rev';

/** What a restart is for that removes Istio's proxy. */
export const REMOVAL = fingerprint(noSidecar());

/** Somebody takes the label of a namespace away, or deletes the webhooks of a revision. Most often it comes back. */
export function orphan(world: World, dice: Dice, namespace: string): void {
  if (dice.once(3)) loseWebhook(world, dice);
  else loseLabel(world, dice, namespace);
}

function loseLabel(world: World, dice: Dice, namespace: string): void {
  const facts = world.plane.namespaces.get(namespace);
  if (!facts || world.ending.has(namespace) || facts.labels[LABEL] === undefined) return;
  const say = (label: string | undefined): void => {
    const { annotations = {} } = world.plane.namespaces.get(namespace) ?? {};
    world.log(() => `the label of namespace ${namespace} is ${label ?? 'gone'}`);
    world.plane.describe(namespace, { labels: label === undefined ? {} : { [LABEL]: label }, annotations });
    world.plane.labelledAt.set(namespace, world.time.now);
    world.plane.changedAt = world.time.now;
    world.meshChanged();
  };
  const lasts = (5 + dice.below(dice.once(2) ? 70 : 300)) * SECOND;
  say(undefined);
  world.orphanedSince.set(namespace, world.time.now);
  if (dice.once(4)) return;
  world.time.after(lasts, () => {
    const isGone = world.ending.has(namespace) || !world.plane.namespaces.has(namespace);
    if (!isGone && !isLabelled(world.plane, namespace)) say(facts.labels[LABEL]);
  });
}

/** As for the moment of a reinstallation: the labels still ask for injection, and new pods get none. */
function loseWebhook(world: World, dice: Dice): void {
  const revision = dice.pick(REVISIONS);
  const say = (hasWebhook: boolean): void => {
    world.log(() => `the webhooks of revision ${revision} are ${hasWebhook ? 'there again' : 'gone'}`);
    world.plane.change(revision, { hasWebhook });
    world.plane.changedAt = world.time.now;
    world.meshChanged();
  };
  say(false);
  world.time.after((5 + dice.below(200)) * SECOND, () => say(true));
}

const isLabelled = ({ namespaces }: Pick<Mesh, 'namespaces'>, namespace: string): boolean =>
  namespaces.get(namespace)?.labels[LABEL] !== undefined;

/**
 * Why a workload must not lose its sidecar, as far as a process can know; undefined if it may. A tenant's label may come and go faster than
 * anybody looks.
 */
export function whyNotRemoved(world: World, one: Controlled, mesh: Mesh, at: number): string | undefined {
  const { namespace } = one;
  if (isLabelled(mesh, namespace)) return 'its label asks for injection';
  const since = world.isTenants(one) ? 0 : (world.orphanedSince.get(namespace) ?? at);
  if (at - since < MINUTE) return `its label has been gone for ${(at - since) / SECOND} s`;
  const left = mesh.injections.map(({ entry }) => entry?.revision);
  const gone = one.replaceable.find(({ facts: { sidecar } }) => sidecar.injected && !left.includes(sidecar.revision));
  return gone && `no webhook of revision ${gone.facts.sidecar.revision} is left`;
}

const MINUTE = 60 * SECOND;

/** Whether pods keep a sidecar that nobody would inject: of their revision no webhook is left, as anybody may write on a pod. */
export const isLeftWithoutWebhook = ({ replaceable }: Controlled): boolean =>
  replaceable.some(({ facts: { sidecar } }) => sidecar.injected && !REVISIONS.some((one) => one === sidecar.revision));

/** Whether no pod has a proxy. */
export const isBare = ({ replaceable }: Controlled): boolean =>
  replaceable.every(({ facts }) => facts.sidecar.placement === 'none');
