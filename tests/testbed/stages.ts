import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';

const DOMAIN = 'testbed.meltemi.dev';

/** Annotations on a pod (so: on a workload's template) that say how the fake kubelet treats it. */
export const BEHAVIOUR = {
  /** `never`: runs, but is never Ready. `fail`: ends as Failed, after 5 s or what `readyAfter` says. */
  ready: `${DOMAIN}/ready`,
  /** Ready only this long after its start, for example `5s`. */
  readyAfter: `${DOMAIN}/ready-after`,
  /** Never Ready if the injected proxy's image has this tag: only pods that come after an upgrade stick. */
  stuckWithProxy: `${DOMAIN}/stuck-with-proxy`,
} as const;

interface Expression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

interface Stage {
  readonly apiVersion: string;
  readonly kind: 'Stage';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchExpressions: readonly Expression[] };
    readonly next: unknown;
    readonly [field: string]: unknown;
  };
}

/** A failed pod is replaced at once, and the next one fails too: without a delay this would keep the cluster busy. */
const FAIL_AFTER_MS = 5_000;

/** One jq expression answers for all annotations, so that exactly one stage fits a pod at any time. */
const FATE = `
  (.metadata.annotations // {}) as $said
  | [((.spec.containers // []) + (.spec.initContainers // []))[]
      | select(.name == "istio-proxy") | .image | split(":") | last] as $proxies
  | if $said["${BEHAVIOUR.ready}"] then $said["${BEHAVIOUR.ready}"]
    elif $said["${BEHAVIOUR.stuckWithProxy}"] and ($proxies | index($said["${BEHAVIOUR.stuckWithProxy}"])) then "never"
    elif $said["${BEHAVIOUR.readyAfter}"] then "later"
    else "at once" end`.replace(/\s+/g, ' ');

const fate = (...values: string[]): Expression => ({ key: FATE, operator: 'In', values });
const phase = (...values: string[]): Expression => ({ key: '.status.phase', operator: 'In', values });
const staying: Expression = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const notReady: Expression = {
  key: '.status.conditions.[] | select( .type == "Ready" ) | .status',
  operator: 'NotIn',
  values: ['True'],
};

/**
 * The configuration of kwok: its stock stages for Nodes and for deletion, and ours for how pods become Ready.
 * @param forwarded the port of 127.0.0.1 to which a kubelet forwards all ports of its pods
 */
export function kubelets(stock: string, forwarded: number): string {
  const read = (path: string): Stage => onlyStage(join(stock, path));
  const ready = read('pod/fast/pod-ready.yaml').spec.next;
  const all = [
    read('node/fast/node-initialize.yaml'),
    read('node/heartbeat-with-lease/node-heartbeat-with-lease.yaml'),
    podDelete(read('pod/fast/pod-delete.yaml')),
    podStage('pod-ready', [phase('Pending'), notReady, fate('at once')], ready),
    podStage('pod-start', [phase('Pending'), fate('later', 'never', 'fail')], { statusTemplate: STARTED }),
    podStage('pod-ready-later', [phase('Running'), notReady, fate('at once', 'later')], ready, delay(0)),
    podStage('pod-fail', [phase('Running'), fate('fail')], { statusTemplate: FAILED }, delay(FAIL_AFTER_MS)),
  ];
  return [...all, forwardingTo(forwarded)].map((one) => stringify(one, { lineWidth: 0 })).join('---\n');
}

/**
 * The API server removes a pod without a grace period by itself. kwok deletes by name, so it must not do the same a moment later: the next
 * pod may have that name by then. A real kubelet names the UID (kubernetes pkg/kubelet/status/status_manager.go).
 */
function podDelete(stock: Stage): Stage {
  const isGraceful: Expression = {
    key: '.metadata.deletionGracePeriodSeconds | tostring',
    operator: 'NotIn',
    values: ['0'],
  };
  const { matchExpressions } = stock.spec.selector;
  return { ...stock, spec: { ...stock.spec, selector: { matchExpressions: [...matchExpressions, isGraceful] } } };
}

const forwardingTo = (port: number) => ({
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'ClusterPortForward',
  metadata: { name: 'all' },
  spec: { forwards: [{ target: { address: '127.0.0.1', port } }] },
});

const delay = (durationMilliseconds: number) => ({
  durationMilliseconds,
  durationFrom: { expressionFrom: `.metadata.annotations["${BEHAVIOUR.readyAfter}"]` },
});

function podStage(name: string, when: readonly Expression[], next: unknown, waiting?: unknown): Stage {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind: 'Pod' },
      selector: { matchExpressions: [staying, ...when] },
      ...(waiting !== undefined && { delay: waiting }),
      next,
    },
  };
}

function onlyStage(path: string): Stage {
  const [stage] = parseAllDocuments(readFileSync(path, 'utf8'));
  if (!stage || !('toJS' in stage)) throw new Error(`${path} holds no stage`);
  return stage.toJS();
}

const STARTED = `
{{ $now := Now }}
conditions:
- { type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }} }
- { type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ $now | Quote }} }
- { type: ContainersReady, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ $now | Quote }} }
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  restartCount: 0
  state: { running: { startedAt: {{ $now | Quote }} } }
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
`;

const FAILED = `
{{ $now := Now }}
conditions:
- { type: Ready, status: "False", reason: PodFailed, lastTransitionTime: {{ $now | Quote }} }
- { type: ContainersReady, status: "False", reason: PodFailed, lastTransitionTime: {{ $now | Quote }} }
phase: Failed
reason: Testbed
message: failed because an annotation says so
startTime: {{ $now | Quote }}
`;
