import type { Mesh } from '../../src/expect/mesh.ts';
import { RESTART_ANNOTATION } from '../../src/names.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { Controlled } from './controlled.ts';
import { annotated } from './manifest.ts';
import type { World } from './world.ts';

const SECOND = 1000;

/** Somebody opts a workload out for a while, or its whole namespace. */
export function optOut(world: World, dice: Dice, workload: Controlled): void {
  const lasts = (30 + dice.below(270)) * SECOND;
  const isWhole = dice.once(3);
  const place = isWhole ? workload.namespace : workload.key;
  if (world.optedOutSince.has(place) || isOptedOut(world, workload)) return;
  const say = (value: string | undefined): void => {
    if (isWhole) annotateNamespace(world, workload.namespace, value);
    else if (!workload.gone) workload.annotate(RESTART_ANNOTATION, value);
  };
  world.log(() => `somebody opts ${place} out`);
  world.optedOutSince.set(place, world.time.now);
  say('false');
  world.time.after(lasts, () => {
    world.log(() => `${place} is opted out no longer`);
    say(undefined);
  });
}

/** Where a workload is opted out: on itself, or else on its namespace. */
function optedOutOn({ key, namespace, manifest }: Controlled, namespaces: Mesh['namespaces']): string | undefined {
  const own = manifest.metadata.annotations[RESTART_ANNOTATION];
  const place = own === undefined ? namespace : key;
  const value = own ?? namespaces.get(namespace)?.annotations[RESTART_ANNOTATION];
  return value === 'false' ? place : undefined;
}

/** Whether somebody has opted a workload out, or its namespace. */
export const isOptedOut = ({ plane }: World, one: Controlled): boolean =>
  optedOutOn(one, plane.namespaces) !== undefined;

/** Whether a workload is opted out, or was: its wave may be done without it. */
export const isOrWasOptedOut = (world: World, one: Controlled): boolean =>
  isOptedOut(world, one) || [one.key, one.namespace].some((place) => world.optedOutSince.has(place));

/**
 * Whether a workload is opted out, and has been since before a time.
 * @param namespaces as the process sees them that must know it
 */
export function wasOptedOut(
  { optedOutSince }: World,
  one: Controlled,
  { namespaces, before }: { readonly namespaces: Mesh['namespaces']; readonly before: number },
): boolean {
  const place = optedOutOn(one, namespaces);
  return place !== undefined && (optedOutSince.get(place) ?? Number.POSITIVE_INFINITY) < before;
}

function annotateNamespace(world: World, namespace: string, value: string | undefined): void {
  const facts = world.plane.namespaces.get(namespace);
  if (!facts) return;
  const annotations = annotated(facts.annotations, RESTART_ANNOTATION, value);
  world.plane.describe(namespace, { ...facts, annotations });
  world.meshChanged();
}
