import type { WatchApi } from './api.ts';
import { untilAborted } from './callLimit.ts';

/**
 * Lists objects, and never watches them: for a command that reads them once. Each watch would open a connection of its own, and wait for
 * changes that nobody looks at.
 */
export const listsOnly = (api: WatchApi): WatchApi => ({
  send: (request) => api.send(request),
  request: (request) => api.request(request),
  stream: ({ signal }) => untilAborted(new Promise<never>(() => undefined), signal),
});
