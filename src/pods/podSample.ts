import type { Labels, PodSample } from '../model.ts';
import type { Intern } from './interner.ts';
import type { RawPod } from './rawPod.ts';

/** Annotations that Istio's injector writes (istio pkg/kube/inject/webhook.go). The question is about the pod as it was before. */
const WRITTEN: ReadonlySet<string> = new Set(['sidecar.istio.io/status', 'istio.io/rev']);
/** Where the injector keeps what the pod's author had changed of its containers. */
const OVERRIDES = 'proxy.istio.io/overrides';

/** Whether an annotation is one of Istio's. */
export function isIstios(key: string): boolean {
  const slash = key.indexOf('/');
  const domain = slash < 0 ? '' : key.slice(0, slash);
  return domain === 'istio.io' || domain.endsWith('.istio.io');
}

/** What Istio's injector looks at of a pod. Of annotations only Istio's are kept: others may be large, and may hold secrets. */
export function sampleOf({ metadata, spec }: RawPod, intern: Intern): PodSample {
  const annotations = Object.entries(metadata?.annotations ?? {}).filter(([key]) => isIstios(key));
  return {
    labels: interned(Object.entries(metadata?.labels ?? {}), intern),
    annotations: interned(
      annotations.filter(([key]) => !WRITTEN.has(key) && key !== OVERRIDES),
      intern,
    ),
    hostNetwork: spec?.hostNetwork ?? false,
    isOverridden: annotations.some(([key]) => key === OVERRIDES),
  };
}

const interned = (entries: readonly [string, string][], intern: Intern): Labels =>
  Object.fromEntries(entries.map(([key, value]) => [intern(key), value]));
