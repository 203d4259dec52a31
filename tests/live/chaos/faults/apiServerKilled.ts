import { signal } from '../../../testbed/identity.ts';
import type { Fault } from '../fault.ts';

/** The API server is killed in the middle of whatever it does, and started again. */
export const apiServerKilled: Fault = {
  name: 'api-server-killed',
  holds: ['api'],
  lasts: [0.5, 6],
  begin: (arena) => {
    signal(arena.program('kube-apiserver'), 'SIGKILL');
    return () => arena.bed.cluster.startApiServer();
  },
};
