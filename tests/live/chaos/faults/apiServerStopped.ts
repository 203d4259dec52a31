import type { Fault } from '../fault.ts';

/** The API server stands still: connections stay, answers do not come, and what was sent is done later. */
export const apiServerStopped: Fault = {
  name: 'api-server-stopped',
  holds: ['api'],
  lasts: [3, 14],
  begin: (arena) => arena.freeze('kube-apiserver'),
};
