import type { SidecarSource } from '../sidecarSource.ts';

/** The suffix of the names of Istio's own entries (istio pkg/webhooks/webhookpatch.go). */
const INJECTOR_SUFFIX = 'sidecar-injector.istio.io';

/**
 * Istio's proxy. Names of configurations are never parsed for a revision, and their labels do not matter: the API server ignores them, and
 * users who may write webhooks can see every pod anyway.
 */
export const ISTIO: SidecarSource = {
  name: 'istio',
  container: 'istio-proxy',
  origin: 'Istio',
  asks: (_configuration, entry) => entry.endsWith(INJECTOR_SUFFIX),
};
