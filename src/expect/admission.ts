import type { Operation } from 'fast-json-patch';
import { fits } from '../fieldTypes.ts';
import { kindOf } from '../kinds/kinds.ts';
import type { Labels, PodTemplate, SidecarConfig, Workload } from '../model.ts';
import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../names.ts';
import { containerIn, POD, sidecarOf } from '../pods/podFields.ts';
import type { RawContainer, RawPod } from '../pods/rawPod.ts';
import { sidecarConfig } from '../pods/sidecarConfig.ts';
import { reason } from '../reasons.ts';
import type { Answer } from './answer.ts';
import { parseBounded } from './jsonBounds.ts';
import type { UserInfo } from './podCreators.ts';
import { applied, operationsIn } from './podPatch.ts';
import type { AskedContainer } from './question.ts';
import { withServiceAccount } from './serviceAccountToken.ts';
import { ISTIO } from './sources/istio.ts';

/**
 * The labels of a workload's next pod: those of the template and those that its controller adds. The values that a controller adds (a
 * template hash, an ordinal) are not known beforehand and are left empty, so selectors of injector entries can only ask whether they exist.
 */
export function nextPodLabels(workload: Workload): Labels {
  return { ...kindOf(workload)?.addedLabels, ...workload.template.labels };
}

/**
 * The question to an injector: would it inject a pod of this template, and with what? It is always about the owner's template, never about
 * a live pod, because a live pod's status annotation makes istiod skip the overrides of `istio-proxy` (istio pkg/kube/inject/webhook.go).
 * @param user who creates the pods; Istio's injector looks neither at it nor at the token of the pod's own account, so it is asked without
 */
export function question(namespace: string, name: string, template: PodTemplate, user?: UserInfo) {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...template.labels },
      annotations: { ...template.annotations },
    },
    spec: user ? withServiceAccount(template.spec) : template.spec,
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
      ...(user && { userInfo: user }),
      object: pod,
    },
  };
  return { pod, review };
}

/**
 * Like `question`, but as text. The pod is serialised once for both, because a template may have megabytes and serialising it blocks the
 * event loop.
 */
export function questionText(
  namespace: string,
  name: string,
  template: PodTemplate,
  user?: UserInfo,
): { pod: string; review: string } {
  const { pod, review } = question(namespace, name, template, user);
  const text = JSON.stringify(pod);
  const frame = JSON.stringify({ ...review, request: { ...review.request, object: undefined } });
  return { pod: text, review: `${frame.slice(0, -'}}'.length)},"object":${text}}}` };
}

const PROXY: AskedContainer = { name: ISTIO.container };

interface ReviewResponse {
  readonly allowed?: unknown;
  readonly status?: { readonly message?: unknown };
  readonly patchType?: unknown;
  readonly patch?: unknown;
}

/**
 * Reads an AdmissionReview answer: applies the whole JSON Patch to the pod in the question and looks for the proxy in the result. The whole
 * patch must be applied, because the order of operations varies between calls and containers shift. Never throws: an answer that cannot be
 * read is `unknown`. The pod itself is not changed.
 * @param container the sidecar to look for; Istio's proxy by default
 */
export function readAnswer(pod: object, body: unknown, container: AskedContainer = PROXY): Answer {
  return answerIn(body, () => structuredClone(pod), container);
}

/**
 * Like `readAnswer`, but reads the texts as sent over the wire.
 * @param pod JSON of the pod in the question
 * @param body the answer, UTF-8
 * @throws {Error} if the body is not JSON or is too large
 */
export function readAnswerText(pod: string, body: Buffer, container: AskedContainer = PROXY): Answer {
  let review: unknown;
  try {
    review = parseBounded(body);
  } catch (error) {
    const why = error instanceof SyntaxError ? body.toString('utf8', 0, 80) : (error as Error).message;
    throw new Error(`the answer is not JSON: ${why}`);
  }
  return answerIn(review, () => JSON.parse(pod), container);
}

function answerIn(body: unknown, pod: () => object, container: AskedContainer): Answer {
  const response = (body as { response?: ReviewResponse } | null)?.response;
  if (typeof response?.allowed !== 'boolean')
    return badAnswer('the answer is not an AdmissionReview with response.allowed');
  if (!response.allowed) {
    const said = response.status?.message;
    const message = typeof said === 'string' ? said.slice(0, 300) : 'no message';
    return { kind: 'unknown', reason: reason('injector-refused', `the injector rejects the pod: ${message}`) };
  }
  if (response.patch === undefined || response.patch === null || response.patch === '') return { kind: 'no-sidecar' };
  try {
    return sidecarAfter(pod(), response, container);
  } catch (error) {
    const message = (error as Error).message.split('\n', 1)[0] ?? '';
    return badAnswer(`the JSON Patch does not apply: ${message.slice(0, 200)}`);
  }
}

const badAnswer = (why: string): Answer => ({ kind: 'unknown', reason: reason('bad-answer', why) });

function sidecarAfter(pod: object, response: ReviewResponse, container: AskedContainer): Answer {
  const patched = applied(pod, operationsOf(response));
  if (!fits(patched, POD)) throw new Error('a field of the injected pod has the wrong type');
  const invalid = whyInvalid(patched);
  if (invalid) return badAnswer(invalid);
  const { source } = container;
  const configOf = container.config ? (one: RawContainer) => configIn(one, patched) : undefined;
  const { image, placement, config } = containerIn(patched, container.name, undefined, configOf);
  if (placement === 'none') return { kind: 'no-sidecar' };
  if (!image) throw new Error(`the patched pod has a container ${container.name} without an image`);
  const revision = source === undefined ? sidecarOf(patched).revision : '';
  const named = source === undefined ? {} : { source };
  return { kind: 'sidecar', sidecar: { image, revision, placement, ...(config && { config }), ...named } };
}

/** An injector may copy the pod's annotations into the container. The time of a restart must not make it another configuration. */
function configIn(container: RawContainer, { metadata }: RawPod): SidecarConfig | undefined {
  const times = [RESTARTED_AT, FORTSA_RESTARTED_AT].flatMap((key) => metadata?.annotations?.[key] ?? []);
  return sidecarConfig(container as Readonly<Record<string, unknown>>, times);
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** As strict as the API server, which accepts only base64 of a list of known operations. */
function operationsOf({ patchType, patch }: ReviewResponse): Operation[] {
  if (patchType !== 'JSONPatch') throw new Error('its type is not JSONPatch');
  if (typeof patch !== 'string' || patch.length % 4 !== 0 || !BASE64.test(patch)) throw new Error('it is not base64');
  // bits beyond the last byte must be zero, as in Go's decoder
  const end = patch.slice(-4);
  if (Buffer.from(end, 'base64').toString('base64') !== end) throw new Error('it is not base64');
  return operationsIn(parseBounded(Buffer.from(patch, 'base64')));
}

/**
 * Why the API server would reject the injected pod: it needs containers, and their names must be unique across both lists (core/v1
 * validation).
 */
function whyInvalid({ spec }: RawPod): string | undefined {
  const containers = spec?.containers ?? [];
  if (containers.length === 0) return 'the injected pod would have no container besides its native sidecar';
  const names = [...containers, ...(spec?.initContainers ?? [])].map(({ name }) => name);
  const seen = new Set<string | undefined>();
  const twice = names.find((name) => seen.size === seen.add(name).size);
  return twice === undefined ? undefined : `the injected pod would have two containers named ${twice}`;
}
