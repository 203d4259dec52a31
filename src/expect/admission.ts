import jsonPatch from 'fast-json-patch';
import { sidecarOf } from '../cluster/podFields.ts';
import type { Labels, PodTemplate, Workload } from '../model.ts';
import { reason } from '../reasons.ts';
import type { Answer } from './answer.ts';

/**
 * Labels that a workload's next pod will have: the template's and those its controller adds. Their values are not known beforehand
 * (a template hash, an ordinal), so they are left empty: selectors on injector entries can only ask for their presence.
 */
export function nextPodLabels(workload: Workload): Labels {
  return { ...ADDED[workload.kind], ...workload.template.labels };
}

const ADDED: Record<Workload['kind'], Labels> = {
  Deployment: { 'pod-template-hash': '' },
  StatefulSet: {
    'controller-revision-hash': '',
    'statefulset.kubernetes.io/pod-name': '',
    'apps.kubernetes.io/pod-index': '',
  },
  DaemonSet: { 'controller-revision-hash': '', 'pod-template-generation': '' },
};

/**
 * The question to an injector: would you inject a pod of this template, and with what? Always the owner's template, never a live pod:
 * a live pod's status annotation makes istiod skip the overrides of `istio-proxy` (istio pkg/kube/inject/webhook.go).
 */
export function question(namespace: string, name: string, template: PodTemplate): { pod: object; review: object } {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...template.labels },
      annotations: { ...template.annotations },
    },
    spec: template.spec,
  };
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'meltemi',
      operation: 'CREATE',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace,
      object: pod,
    },
  };
  return { pod, review };
}

interface ReviewResponse {
  readonly allowed?: unknown;
  readonly status?: { readonly message?: unknown };
  readonly patchType?: unknown;
  readonly patch?: unknown;
}

/**
 * Reads an AdmissionReview answer: applies the whole JSON Patch to the pod that was asked about and looks for the proxy in the result.
 * The order of operations varies between calls and containers shift, so nothing short of applying all of it is right.
 * Never throws; what cannot be read is `unknown`.
 */
export function readAnswer(pod: object, body: unknown): Answer {
  const response = (body as { response?: ReviewResponse } | null)?.response;
  if (typeof response?.allowed !== 'boolean') {
    return { kind: 'unknown', reason: reason('bad-answer', 'the answer is no AdmissionReview with response.allowed') };
  }
  if (!response.allowed) {
    const message = String(response.status?.message ?? 'no message').slice(0, 300);
    return { kind: 'unknown', reason: reason('injector-refused', `the injector refuses the pod: ${message}`) };
  }
  if (response.patch === undefined || response.patch === null || response.patch === '') return { kind: 'no-sidecar' };
  try {
    return sidecarAfter(pod, response.patch);
  } catch (error) {
    const message = (error as Error).message.split('\n', 1)[0] ?? '';
    return { kind: 'unknown', reason: reason('bad-answer', `the JSON Patch does not apply: ${message.slice(0, 200)}`) };
  }
}

function sidecarAfter(pod: object, patch: unknown): Answer {
  const operations: unknown = JSON.parse(Buffer.from(String(patch), 'base64').toString('utf8'));
  if (!Array.isArray(operations)) throw new Error('the patch is not a list of operations');
  const patched = jsonPatch.applyPatch(structuredClone(pod), operations, true, true, true).newDocument;
  const { image, revision, placement } = sidecarOf(patched);
  if (placement === 'none') return { kind: 'no-sidecar' };
  if (!image) throw new Error('the patched pod has an istio-proxy without image');
  return { kind: 'sidecar', sidecar: { image, revision, placement } };
}
