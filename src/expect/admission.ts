import jsonPatch, { type Operation } from 'fast-json-patch';
import { POD, type RawPod, sidecarOf } from '../cluster/podFields.ts';
import { fits } from '../cluster/shape.ts';
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

/** What the API server lets the copies of one patch add up to (apiserver pkg/server/config.go JSONPatchMaxCopyBytes). */
const MOST_COPIED = 3 * 1024 * 1024;
/** What the API server itself takes in one patch (apiserver handlers/patch.go maxJSONPatchOperations). */
const MOST_OPERATIONS = 10_000;
/** RFC 6902; the library knows more words than these. */
const OPERATIONS: ReadonlySet<unknown> = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);

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
    const said = response.status?.message;
    const message = typeof said === 'string' ? said.slice(0, 300) : 'no message';
    return { kind: 'unknown', reason: reason('injector-refused', `the injector refuses the pod: ${message}`) };
  }
  if (response.patch === undefined || response.patch === null || response.patch === '') return { kind: 'no-sidecar' };
  try {
    return sidecarAfter(pod, response);
  } catch (error) {
    const message = (error as Error).message.split('\n', 1)[0] ?? '';
    return { kind: 'unknown', reason: reason('bad-answer', `the JSON Patch does not apply: ${message.slice(0, 200)}`) };
  }
}

function sidecarAfter(pod: object, response: ReviewResponse): Answer {
  const patched = applied(structuredClone(pod), operationsOf(response));
  if (!fits(patched, POD)) throw new Error('a field of the injected pod has the wrong type');
  const invalid = whyInvalid(patched);
  if (invalid) return { kind: 'unknown', reason: reason('bad-answer', invalid) };
  const { image, revision, placement } = sidecarOf(patched);
  if (placement === 'none') return { kind: 'no-sidecar' };
  if (!image) throw new Error('the patched pod has an istio-proxy without image');
  return { kind: 'sidecar', sidecar: { image, revision, placement } };
}

/** As strict as the API server, which takes nothing but base64 of a list of known operations. */
function operationsOf({ patchType, patch }: ReviewResponse): Operation[] {
  if (patchType !== 'JSONPatch') throw new Error('its type is not JSONPatch');
  const bytes = Buffer.from(typeof patch === 'string' ? patch : '', 'base64');
  if (bytes.toString('base64') !== patch) throw new Error('it is not base64');
  const operations: unknown = JSON.parse(bytes.toString('utf8'));
  if (!Array.isArray(operations)) throw new Error('the patch is not a list of operations');
  if (operations.length > MOST_OPERATIONS) throw new Error(`it has ${operations.length} operations`);
  if (!operations.every((one) => OPERATIONS.has(one?.op))) throw new Error('it has an unknown operation');
  return operations;
}

/** Each copy can double a document, so copies are counted as the API server counts them. */
function applied(pod: object, operations: readonly Operation[]): object {
  let document = pod;
  let copied = 0;
  for (const operation of operations) {
    if (operation.op === 'copy') copied += JSON.stringify(jsonPatch.getValueByPointer(document, operation.from)).length;
    if (copied > MOST_COPIED) throw new Error('it copies too much');
    document = jsonPatch.applyOperation(document, operation, true, true, true).newDocument;
  }
  return document;
}

/** Why the API server would refuse the injected pod: containers are required and their names unique across both lists (core/v1 validation). */
function whyInvalid({ spec }: RawPod): string | undefined {
  const containers = spec?.containers ?? [];
  if (containers.length === 0) return 'the injected pod would have no container besides its native sidecar';
  const names = [...containers, ...(spec?.initContainers ?? [])].map(({ name }) => name);
  const seen = new Set<string | undefined>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  return twice === undefined ? undefined : `the injected pod would have two containers named ${twice}`;
}
