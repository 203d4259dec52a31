import { z } from 'zod';
import type { Filter } from '../expect/filter.ts';
import type { DeclaredSidecar, NamespacedName, SidecarSource, SourceKind } from '../expect/sidecarSource.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import { SOURCE_KINDS } from '../expect/sources.ts';
import { filterSchema } from './filterSchema.ts';
import { quoted } from './quoted.ts';

/** The record of a restart has room for this many. */
const MOST_SIDECARS = 16;
const MOST_READY_FIRST = 16;

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const A_LABEL = 'at most 63 lower-case letters, digits and dashes, and begin and end with a letter or digit';
const NAMESPACED = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)$/;

const listOf = <T extends z.ZodType>(one: T) => z.array(one).min(1, 'is an empty list; leave the key out instead');

const namespacedName = z
  .string()
  .regex(NAMESPACED, 'It must be the namespace and the name of a Deployment: namespace/name.')
  .transform((text): NamespacedName => {
    const [namespace = '', name = ''] = text.split('/');
    return { namespace, name };
  });

/** The fields of an entry that do not depend on its source. */
const COMMON = {
  name: z.string().regex(LABEL, `It must have ${A_LABEL}.`),
  container: z.string().regex(LABEL, `It must have ${A_LABEL}.`),
  match: listOf(filterSchema).optional(),
  readyFirst: listOf(namespacedName).max(MOST_READY_FIRST, `must have at most ${MOST_READY_FIRST} entries`).optional(),
};

/** What each field of an entry means, for docs/sidecars.md. */
export const SIDECAR_FIELDS: Readonly<Record<string, string>> = {
  name: 'A short name. It appears in plans, Events and records.',
  container: 'The name of the injected container.',
  ...Object.fromEntries(SOURCE_KINDS.map(({ key, help }) => [key, help])),
  match: 'Filters, as in `include`. The entry applies to workloads that one of them matches; without any, to all.',
  readyFirst:
    'Deployments as `namespace/name`. Meltemi restarts no workload for this sidecar until their rollouts are complete.',
};

const SOURCE_KEYS = SOURCE_KINDS.map(({ key }) => key);

const entrySchema = z
  .strictObject({ ...COMMON, ...Object.fromEntries(SOURCE_KEYS.map((key) => [key, z.string().optional()])) })
  .transform((given, context): SidecarSource => {
    const { name, container, match, readyFirst, ...values } = given as z.infer<typeof filled>;
    const declared: DeclaredSidecar = {
      name,
      container,
      ...(match && { match: match as readonly Filter[] }),
      ...(readyFirst && { readyFirst }),
    };
    const [kind, other] = SOURCE_KINDS.filter(({ key }) => values[key] !== undefined);
    if (kind && !other) return sourceOf(kind, declared, String(values[kind.key]), context);
    const message = other
      ? `has both ${kind?.key} and ${other.key}; leave one of them out`
      : `needs one of ${SOURCE_KEYS.join(', ')}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** The type of an entry: its other fields are the keys of the source kinds. */
const filled = z.looseObject(COMMON);

function sourceOf(kind: SourceKind, declared: DeclaredSidecar, value: string, context: z.RefinementCtx): SidecarSource {
  try {
    return kind.sourceOf(declared, value);
  } catch (error) {
    const message = `${quoted(value)} is invalid. ${(error as Error).message}`;
    context.addIssue({ code: 'custom', message, path: [kind.key] });
    return z.NEVER;
  }
}

/** `sidecars` of the policy file. */
export const sidecarsSchema: z.ZodType<readonly SidecarSource[]> = listOf(entrySchema)
  .max(MOST_SIDECARS, `must have at most ${MOST_SIDECARS} entries`)
  .transform((sources, context) => {
    for (const [index, { name, container }] of sources.entries()) {
      const add = (field: string, message: string): void =>
        context.addIssue({ code: 'custom', message, path: [index, field] });
      if (name === ISTIO.name)
        add('name', `${quoted(name)} is invalid. Istio's proxy needs no entry; choose another name.`);
      if (container === ISTIO.container)
        add(
          'container',
          `${quoted(container)} is invalid. It is the container of Istio's proxy, which needs no entry.`,
        );
      const first = sources.findIndex((other) => other.name === name);
      if (first < index)
        add('name', `${quoted(name)} is given twice. Choose another name than sidecars[${first}] has.`);
    }
    return sources;
  });
