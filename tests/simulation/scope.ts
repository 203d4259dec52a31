import type { Dice } from '../unit/fuzz/dice.ts';
import type { World } from './world.ts';

const SECOND = 1000;

/**
 * Somebody takes a namespace out of `--namespaces` for a while, or for good. As Helm does it, the Role goes with it, unless there is a
 * ClusterRole, and other processes with the new list take the place of those that run.
 */
export function narrowScope(world: World, dice: Dice, namespace: string): void {
  if (!world.scope?.has(namespace)) return;
  const right = dice.once(2) ? { namespace } : undefined;
  if (right) world.rights.lose(right);
  edit(world, dice, namespace, (scope) => scope.delete(namespace));
  if (dice.once(4)) return;
  world.time.after((20 + dice.below(200)) * SECOND, () => {
    if (world.isCalm) return;
    if (right) world.rights.regain(right);
    edit(world, dice, namespace, (scope) => scope.add(namespace));
    // as with a label: what joins a wave that is done does not hold those after it
    world.plane.labelledAt.set(namespace, world.time.now);
  });
}

function edit(world: World, dice: Dice, namespace: string, change: (scope: Set<string>) => void): void {
  const scope = new Set(world.scope);
  change(scope);
  world.log(() => `namespace ${namespace} is ${scope.has(namespace) ? 'managed again' : 'managed no longer'}`);
  world.scope = scope;
  for (const process of world.processes) {
    if (process.lane.isDead || process.isStopping) continue;
    process.stop();
    world.time.after(dice.below(8 * SECOND), () => world.boot());
  }
}
