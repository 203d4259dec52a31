import type { Labels, PodTemplate, WorkloadKind } from '../../../src/model.ts';

/** One case of the property: a pod template of a workload, in a namespace, under a webhook set. */
export interface Combination {
  readonly number: number;
  readonly set: string;
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly template: PodTemplate;
}

/** A label that only hand-made configurations select by. */
const MARK = 'oracle.example/mark';
export const MARKED = { [MARK]: 'yes' } as const;

/** Numbers in [0, 1) from a seed (mulberry32): a run can be repeated from what it printed. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What may be drawn, with weights; `undefined` leaves the label or annotation out. */
type Choices<T> = readonly (readonly [weight: number, value: T])[];

function draw<T>(random: () => number, choices: Choices<T>): T {
  let left = random() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, value] of choices) {
    left -= weight;
    if (left < 0) return value;
  }
  throw new Error('the weights of the choices do not add up');
}

const INJECTION: Choices<string | undefined> = [
  [4, undefined],
  [3, 'enabled'],
  [1, 'disabled'],
  [1, ''],
];
const REVISION: Choices<string | undefined> = [
  [4, undefined],
  [1, 'default'],
  [2, 'canary'],
  [2, 'prod'],
  [1, 'nope'],
];
const INJECT: Choices<string | undefined> = [
  [6, undefined],
  [3, 'true'],
  [1, 'false'],
  [1, 'yes'],
  [1, ''],
];
const POD_REVISION: Choices<string | undefined> = [...REVISION, [1, '']];
const INJECT_ANNOTATION: Choices<string | undefined> = [
  [10, undefined],
  [1, 'true'],
  [1, 'false'],
  [1, 'yes'],
  [1, ''],
];
const PROXY_IMAGE: Choices<string | undefined> = [
  [6, undefined],
  [1, 'registry.example:5000/team/proxy:7'],
  [1, 'proxy_debug'],
];
const IMAGE_TYPE: Choices<string | undefined> = [
  [6, undefined],
  [1, 'debug'],
  [1, 'distroless'],
  [1, 'default'],
  [1, ''],
];
const PROXY_CONFIG: Choices<string | undefined> = [
  [8, undefined],
  [1, 'image: {imageType: debug}'],
  [1, 'holdApplicationUntilProxyStarts: true'],
];
const NATIVE: Choices<string | undefined> = [
  [8, undefined],
  [1, 'true'],
  [1, 'false'],
];
const CPU: Choices<string | undefined> = [
  [20, undefined],
  [1, '100m'],
  [1, 'no-quantity'],
];
const TEMPLATES: Choices<string | undefined> = [
  [12, undefined],
  [2, 'sidecar'],
  [3, 'gateway'],
  [1, 'grpc-simple'],
  [1, 'grpc-agent'],
  [1, 'sidecar,gateway'],
  [1, 'nope'],
];
/** The image of a container `istio-proxy` that the template itself has. */
const OWN_PROXY: Choices<string | undefined> = [
  [8, undefined],
  [1, 'auto'],
  [1, 'example/own-proxy:1'],
];
const TIER: Choices<string | undefined> = [
  [2, undefined],
  [2, 'web'],
  [1, 'data'],
];
const KIND: Choices<WorkloadKind> = [
  [3, 'Deployment'],
  [1, 'StatefulSet'],
  [1, 'DaemonSet'],
];
/** Namespaces that istiod never injects into, whatever they are labelled. */
const SYSTEM: Choices<string | undefined> = [
  [30, undefined],
  [1, 'kube-system'],
  [1, 'kube-public'],
];
/** `kube-public` is labelled for injection, `kube-system` is as it was. */
export const SYSTEM_LABELS: Readonly<Record<string, Labels>> = { 'kube-public': { 'istio-injection': 'enabled' } };

/** A namespace for every combination of labels: relabelling one would mean waiting until the API server has noticed. */
export function namespacePool(): Map<string, Labels> {
  const pool = new Map<string, Labels>();
  for (const [, injection] of INJECTION) {
    for (const [, revision] of REVISION) {
      for (const marked of [false, true]) {
        pool.set(namespaceName(injection, revision, marked), {
          ...present('istio-injection', injection),
          ...present('istio.io/rev', revision),
          ...(marked && MARKED),
        });
      }
    }
  }
  return pool;
}

const namespaceName = (injection: string | undefined, revision: string | undefined, marked: boolean): string =>
  ['ns', injection === '' ? 'empty' : (injection ?? 'none'), revision ?? 'none', ...(marked ? ['marked'] : [])].join(
    '-',
  );

const present = (key: string, value: string | undefined): Labels => (value === undefined ? {} : { [key]: value });

/** Labels that the charts' less likely entries ask for, in the order of a set's combinations: chance may miss them. */
const AIMED: readonly { readonly revision?: string; readonly labels: Labels }[] = [
  { labels: {} },
  { labels: { 'sidecar.istio.io/inject': 'true' } },
  { labels: { 'istio.io/rev': 'canary' } },
  { revision: 'canary', labels: {} },
];

/**
 * Draws the combination of a set at an index. The first ones are aimed at single entries, though all else of them is drawn too.
 * Only sets with hand-made configurations get marked namespaces, for the others make nothing of them.
 */
export function drawCombination(
  random: () => number,
  number: number,
  set: { readonly name: string; readonly handMade: boolean },
  index: number,
): Combination {
  const aimed = AIMED[index];
  const drawn = {
    kind: draw(random, KIND),
    namespace: drawNamespace(random, set.handMade),
    template: drawTemplate(random),
  };
  if (!aimed) return { number, set: set.name, ...drawn };
  const template = { ...drawn.template, labels: { app: 'oracle', ...aimed.labels } };
  const namespace = namespaceName(undefined, aimed.revision, false);
  return { number, set: set.name, kind: drawn.kind, namespace, template };
}

function drawNamespace(random: () => number, handMade: boolean): string {
  const system = draw(random, SYSTEM);
  return system ?? namespaceName(draw(random, INJECTION), draw(random, REVISION), handMade && random() < 0.6);
}

function drawTemplate(random: () => number): PodTemplate {
  const pick = <T>(choices: Choices<T>): T => draw(random, choices);
  const templates = pick(TEMPLATES);
  const own = templates === 'gateway' ? 'auto' : pick(OWN_PROXY);
  const labels = {
    app: 'oracle',
    ...present('sidecar.istio.io/inject', pick(INJECT)),
    ...present('istio.io/rev', pick(POD_REVISION)),
    ...present('tier', pick(TIER)),
  };
  const annotations = {
    ...present('sidecar.istio.io/inject', pick(INJECT_ANNOTATION)),
    ...present('sidecar.istio.io/proxyImage', pick(PROXY_IMAGE)),
    ...present('sidecar.istio.io/proxyImageType', pick(IMAGE_TYPE)),
    ...present('sidecar.istio.io/nativeSidecar', pick(NATIVE)),
    ...present('sidecar.istio.io/proxyCPU', pick(CPU)),
    ...present('proxy.istio.io/config', pick(PROXY_CONFIG)),
    ...present('inject.istio.io/templates', templates),
  };
  return { labels, annotations, spec: drawSpec(own, random() < 0.08) };
}

function drawSpec(own: string | undefined, hostNetwork: boolean): PodTemplate['spec'] {
  const app = { name: 'app', image: 'example/app:1', ports: [{ containerPort: 8080 }] };
  const proxy = { name: 'istio-proxy', image: own };
  return {
    ...(hostNetwork && { hostNetwork }),
    containers: own === undefined ? [app] : own === 'auto' ? [proxy] : [app, proxy],
  };
}
