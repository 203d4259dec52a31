import type { PodTemplate } from '../model.ts';
import { reason } from '../reasons.ts';
import type { Answer } from './answer.ts';
import { type AskedInjection, sourceOf } from './mesh.ts';

/** One question: the template of a workload, and the hash that its answer is cached under. */
export interface Question {
  readonly injection: AskedInjection;
  readonly namespace: string;
  readonly name: string;
  readonly template: PodTemplate;
  readonly templateHash: string;
  /** Hash of the ProxyConfigs in the namespace, of Istio's injector; absent where there are none. It is part of `templateHash`, too. */
  readonly proxyConfigs?: string;
  /** The ServiceAccount that creates the pods. Istio's injector does not look at it. */
  readonly podCreator?: string;
  /** Whether to read of the answer how the sidecar is configured. */
  readonly config?: boolean;
}

export type QuestionResult = 'sidecar' | 'no-sidecar' | 'refused' | 'bad-answer' | 'unreachable';

/** Workloads of one namespace with the same template share a question. The key begins with the epoch and the namespace. */
export const questionKey = ({ injection, namespace, templateHash, config }: Question): string =>
  `${injection.epoch}/${namespace}/${templateHash}${config ? '+config' : ''}`;

/** The container that the answer is read for, and the name of its source unless that is Istio. */
export interface AskedContainer {
  readonly name: string;
  readonly source?: string;
  /** Whether to read how it is configured. */
  readonly config?: boolean;
}

/** The container to look for in the answer to a question. */
export function containerOf({ injection, config }: Question): AskedContainer {
  const { container, name } = sourceOf(injection);
  return { name: container, ...(injection.source && { source: name }), ...(config && { config }) };
}

/** The answer to a question while its injector is unreachable. */
export function unreachable({ injection }: Question, why: string): Answer {
  return {
    kind: 'unknown',
    reason: reason('injector-unreachable', `injector of ${injection.entry.configuration}: ${why}`),
  };
}

/** The result that an injector's answer counts as. */
export function resultOf(answer: Answer): QuestionResult {
  if (answer.kind !== 'unknown') return answer.kind;
  return answer.reason.code === 'injector-refused' ? 'refused' : 'bad-answer';
}

/** Whether the answer says nothing about the sidecar and is not a refusal either. */
export const isBad = (answer: Answer): boolean => answer.kind === 'unknown' && answer.reason.code === 'bad-answer';
