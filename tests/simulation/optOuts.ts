import type { Mesh } from '../../src/expect/mesh.ts';
import { RESTART_ANNOTATION } from '../../src/names.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { Controlled } from './controlled.ts';
import type { World } from './world.ts';

const SECOND = 1000;

/** Somebody opts a workload out for a while, or its whole namespace. */
export function optOut(world: World, dice: Dice, workload: Controlled): void {
  const lasts = (30 + dice.below(270)) * SECOND;
  const isWhole = dice.once(3);
  const place = isWhole ? workload.namespace : workload.key;
  if (world.optedOutSince.has(place) || isOptedOut(world, workload)) return;
  const say = (value: string | undefined): void =>
    isWhole ? annotateNamespace(world, workload.namespace, value) : annotate(workload, value);
  world.log(() => `somebody opts ${place} out`);
  world.optedOutSince.set(place, world.time.now);
  say('false');
  world.time.after(lasts, () => {
    world.log(() => `${place} is opted out no longer`);
    say(undefined);
  });
}

/** Whether somebody has opted a workload out, or its namespace. */
export const isOptedOut = ({ plane }: World, { namespace, manifest }: Controlled): boolean =>
  [manifest.metadata.annotations, plane.namespaces.get(namespace)?.annotations].some(
    (annotations) => annotations?.[RESTART_ANNOTATION] === 'false',
  );

/** Whether a workload is opted out, or was: its wave may be done without it. */
export const isOrWasOptedOut = (world: World, one: Controlled): boolean =>
  isOptedOut(world, one) || [one.key, one.namespace].some((place) => world.optedOutSince.has(place));

/**
 * Whether a workload is opted out, and has been since before a time.
 * @param namespaces as the process sees them that must know it
 */
export function wasOptedOut(
  { optedOutSince }: World,
  { key, namespace, manifest }: Controlled,
  { namespaces, before }: { readonly namespaces: Mesh['namespaces']; readonly before: number },
): boolean {
  const said = manifest.metadata.annotations[RESTART_ANNOTATION];
  const [value, place] =
    said === undefined ? [namespaces.get(namespace)?.annotations[RESTART_ANNOTATION], namespace] : [said, key];
  return value === 'false' && (optedOutSince.get(place) ?? Number.POSITIVE_INFINITY) < before;
}

function annotate(workload: Controlled, value: string | undefined): void {
  if (workload.gone) return;
  const { metadata } = workload.manifest;
  workload.write({ ...workload.manifest, metadata: { ...metadata, annotations: said(metadata.annotations, value) } });
}

function annotateNamespace(world: World, namespace: string, value: string | undefined): void {
  const facts = world.plane.namespaces.get(namespace);
  if (!facts) return;
  world.plane.describe(namespace, { ...facts, annotations: said(facts.annotations, value) });
  world.meshChanged();
}

function said(annotations: Readonly<Record<string, string>>, value: string | undefined): Record<string, string> {
  const { [RESTART_ANNOTATION]: _before, ...others } = annotations;
  return { ...others, ...(value !== undefined && { [RESTART_ANNOTATION]: value }) };
}
