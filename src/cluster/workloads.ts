import { fits } from '../fieldTypes.ts';
import { ownerKind } from '../kinds/kinds.ts';
import {
  type RawManagedFields,
  type RawOwnerReference,
  type RawSpec,
  type RawWorkload,
  strategyOf,
  WORKLOAD,
} from '../kinds/rawWorkload.ts';
import type { PodTemplate, Workload, WorkloadKind } from '../model.ts';
import { FIELD_MANAGER } from '../names.ts';

/**
 * Converts an API object to the model, the only form that the other stages use. Absent fields get the API's defaults. An object with wrong
 * types keeps only its name, and gets a strategy that is never restarted: a malformed object must not end a scan.
 */
export function workloadOf(kind: WorkloadKind, raw: RawWorkload): Workload {
  return narrowed(kind, fits(raw, ownerKind(kind).shape ?? WORKLOAD) ? raw : nameOnly(raw));
}

function nameOnly(raw: RawWorkload): RawWorkload {
  const { name, namespace } = raw.metadata ?? {};
  return {
    metadata: { name: typeof name === 'string' ? name : '', namespace: typeof namespace === 'string' ? namespace : '' },
    spec: { strategy: { type: 'malformed' }, updateStrategy: { type: 'malformed' } },
  };
}

function narrowed(kind: WorkloadKind, raw: RawWorkload): Workload {
  const spec = raw?.spec ?? {};
  return {
    kind,
    ...identityOf(raw?.metadata ?? {}),
    selector: spec.selector ?? {},
    strategy: strategyOf(spec)?.type ?? 'RollingUpdate',
    partition: strategyOf(spec)?.rollingUpdate?.partition ?? 0,
    firstOrdinal: spec.ordinals?.start ?? 0,
    paused: spec.paused ?? false,
    ...(spec.minReadySeconds && { minReadySeconds: spec.minReadySeconds }),
    template: templateOf(spec),
    ...ownerKind(kind).read(spec, raw?.status ?? {}, raw?.metadata ?? {}),
  };
}

/** The fields that come from the metadata. */
function identityOf(metadata: NonNullable<RawWorkload['metadata']>) {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    generation: metadata.generation ?? 0,
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    deleting: (metadata.deletionTimestamp ?? undefined) !== undefined,
    annotations: metadata.annotations ?? {},
    ...ownerOf(metadata.ownerReferences ?? []),
    ...managed(metadata.managedFields ?? []),
  };
}

/** Longer than any real version, kind or name. The API server limits none of them in an ownerReference. */
const LONGEST_NAME = 320;

function ownerOf(references: readonly RawOwnerReference[]): Pick<Workload, 'owner'> {
  const controller = references.find((reference) => reference.controller);
  if (!controller) return {};
  const { apiVersion, kind, name } = controller;
  // a hand-made object may contain null
  return {
    owner: {
      apiVersion: apiVersion?.slice(0, LONGEST_NAME) ?? '',
      kind: kind?.slice(0, LONGEST_NAME) ?? '',
      name: name?.slice(0, LONGEST_NAME) ?? '',
    },
  };
}

/** When Meltemi last wrote the object, from the field managers of server-side apply (KEP-555). */
function managed(entries: readonly RawManagedFields[]): Pick<Workload, 'writtenAt'> {
  const ours = entries.flatMap(({ manager, time }) => (manager === FIELD_MANAGER ? Date.parse(time ?? '') || [] : []));
  return ours.length > 0 ? { writtenAt: Math.max(...ours) } : {};
}

/**
 * The spec is kept as text, and parsed whenever it is wanted. That is seldom: for a hash once per version, and for a question. As objects
 * it takes nearly twice the memory, and the templates are most of what is known of a large cluster.
 */
function templateOf({ template }: RawSpec): PodTemplate {
  const kept = { labels: template?.metadata?.labels ?? {}, annotations: template?.metadata?.annotations ?? {} };
  Object.defineProperty(kept, SPEC_TEXT, { value: JSON.stringify(template?.spec ?? {}) });
  return Object.defineProperty(kept, 'spec', PARSED) as PodTemplate;
}

const SPEC_TEXT = Symbol('spec');
/** One getter for all templates: objects with a getter of their own each are dictionaries to V8, of 400 bytes each. */
const PARSED: PropertyDescriptor & ThisType<{ readonly [SPEC_TEXT]: string }> = {
  enumerable: true,
  get() {
    return JSON.parse(this[SPEC_TEXT]);
  },
};
