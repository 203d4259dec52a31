import { pathOf } from '../../../testbed/paths.ts';
import type { Fault } from '../fault.ts';

/** All kubelets are silent, and one node is said not to be Ready: pods neither start nor end. */
export const nodesLost: Fault = {
  name: 'nodes-lost',
  holds: ['nodes', 'api'],
  lasts: [4, 10],
  begin: async (arena, dice) => {
    const node = `${pathOf('Node', '', `node-${dice.below(3)}`)}/status`;
    const wake = arena.freeze('kwok');
    const say = async (status: 'True' | 'Unknown'): Promise<void> => {
      const ready = { type: 'Ready', status, reason: 'Testbed', message: 'the testbed says so' };
      await arena.bed.api.patch(node, { status: { conditions: [ready] } }, 'strategic');
    };
    await say('Unknown');
    return async () => {
      wake();
      await say('True');
    };
  },
};
