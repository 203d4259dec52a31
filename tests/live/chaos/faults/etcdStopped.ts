import type { Fault } from '../fault.ts';

/** etcd stands still: the API server still answers from its cache, and every write waits. */
export const etcdStopped: Fault = {
  name: 'etcd-stopped',
  holds: ['api'],
  lasts: [2, 8],
  begin: (arena) => arena.freeze('etcd'),
};
