import { signal } from '../../../testbed/identity.ts';
import type { Fault } from '../fault.ts';

/** istiod is killed, and started again. */
export const istiodKilled: Fault = {
  name: 'istiod-killed',
  // it does not start without an API server
  holds: ['istiod', 'api'],
  lasts: [2, 8],
  begin: (arena) => {
    signal(arena.program('istiod'), 'SIGKILL');
    return () => arena.bed.istio.startIstiod('default');
  },
};
