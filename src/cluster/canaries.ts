import { excerpt } from '../excerpt.ts';
import { fits, type Shape } from '../fieldTypes.ts';
import type { Canary } from '../model.ts';
import type { Api } from './api.ts';
import { ofEachListed } from './list.ts';
import { resourcePath } from './resources.ts';

interface RawCanary {
  readonly metadata?: { readonly name?: string; readonly namespace?: string };
  readonly spec?: { readonly targetRef?: { readonly kind?: string; readonly name?: string } };
  readonly status?: { readonly phase?: string };
}

const CANARY: Shape = {
  metadata: { name: 'string', namespace: 'string' },
  spec: { targetRef: { kind: 'string', name: 'string' } },
  status: { phase: 'string' },
};

/** Longer than any phase of Flagger's. */
const LONGEST_PHASE = 40;

/** Flagger's Canaries of a namespace or of the whole cluster. */
export function listCanaries(api: Api, namespace?: string, signal?: AbortSignal): Promise<Canary[]> {
  const path = resourcePath('canaries', namespace);
  return ofEachListed(api, { path, ...(signal && { signal }) }, canaryOf);
}

/** Converts a Canary to the model. One without a target, or with wrong types, is about no workload. */
export function canaryOf(raw: RawCanary): Canary | undefined {
  if (!fits(raw, CANARY)) return undefined;
  const { kind, name } = raw.spec?.targetRef ?? {};
  if (!kind || !name) return undefined;
  return {
    namespace: raw.metadata?.namespace ?? '',
    name: raw.metadata?.name ?? '',
    target: { kind, name },
    phase: excerpt(raw.status?.phase ?? '', LONGEST_PHASE),
  };
}
