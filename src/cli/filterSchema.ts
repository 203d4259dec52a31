import { z } from 'zod';
import type { Filter } from '../expect/filter.ts';
import { WORKLOAD_KINDS } from '../kinds/kinds.ts';
import type { LabelSelector } from '../model.ts';
import { LABEL_KEY, LABEL_VALUE, parseLabelSelector } from './labelSelector.ts';
import { parsed } from './parsed.ts';

/** An empty list is a mistake: to leave a field open, omit it. */
const listOf = <T extends z.ZodType>(one: T) => z.array(one).min(1, 'is an empty list; leave the key out instead');

const saysSomething = (map: object): boolean => Object.keys(map).length > 0;

/** A message that appears only if there is no other mistake, because it may follow from one. */
const unlessWrong = (error: string) => ({ error, when: ({ issues }: z.core.ParsePayload) => issues.length === 0 });

const word = (of: RegExp, what: string) => z.string().regex(of, `It must be ${what}.`);
const pattern = (of: RegExp, what: string) => word(of, `${what}, in which * may stand for any characters`);

const key = word(LABEL_KEY, 'a key as Kubernetes has it, such as app or example.com/team');
const labelValue = word(LABEL_VALUE, 'a label value: at most 63 letters, digits, dashes, dots and underscores');
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

/** A metav1.LabelSelector. It follows the API server's rules, so that a selector that the API server would reject selects nothing. */
const selectorObject = (value: z.ZodType<string>) =>
  z
    .strictObject({
      matchLabels: z
        .record(key, value)
        .refine(saysSomething, unlessWrong('selects everything; leave the key out instead'))
        .optional(),
      matchExpressions: listOf(
        z
          .strictObject({ key, operator: z.enum(OPERATORS), values: z.array(value).optional() })
          .refine(
            ({ operator, values = [] }) => (operator === 'In' || operator === 'NotIn') === values.length > 0,
            'In and NotIn need values, Exists and DoesNotExist have none',
          ),
      ).optional(),
    })
    .refine(saysSomething, unlessWrong('selects everything; leave the key out instead'));

/** As an object, or as the text that kubectl's `-l` takes. */
const selector = (value: z.ZodType<string>) =>
  z.unknown().transform((given, context): LabelSelector => {
    if (typeof given === 'string') return parsed(parseLabelSelector, given, context);
    const result = selectorObject(value).safeParse(given);
    if (result.success) return result.data as LabelSelector;
    for (const issue of result.error.issues)
      context.issues.push({ ...issue, input: given } as (typeof context.issues)[number]);
    return z.NEVER;
  });

const FIELDS = {
  namespaces: listOf(pattern(/^[-a-z0-9*]{1,63}$/, 'the name of a namespace')).describe('names of namespaces'),
  namespaceLabels: selector(labelValue).describe('selector over the labels of the namespace'),
  names: listOf(pattern(/^[-a-z0-9.*]{1,253}$/, 'the name of a workload')).describe('names of workloads'),
  kinds: listOf(z.enum(WORKLOAD_KINDS)).describe(`kinds of workloads, of ${WORKLOAD_KINDS.join(', ')}`),
  ownerKinds: listOf(word(/^[A-Z][A-Za-z0-9]{0,62}$/, 'a kind such as Prometheus')).describe(
    'kinds of the objects that own the workloads, for example `Prometheus`',
  ),
  labels: selector(labelValue).describe('selector over the labels of the pod template'),
  annotations: selector(z.string()).describe('selector over the annotations of the workload itself'),
  images: listOf(pattern(/^[^\s]{1,500}$/, 'an image')).describe(
    'images of containers and init containers in the pod template',
  ),
};

/** What each field of a filter means, for the documentation. */
export const FILTER_FIELDS: Readonly<Record<keyof Filter, string>> = Object.fromEntries(
  Object.entries(FIELDS).map(([name, { description = '' }]) => [name, description]),
) as Record<keyof Filter, string>;

/** One entry of `include` or `exclude`. An empty entry would match everything, so it counts as a mistake. */
export const filterSchema: z.ZodType<Filter> = z
  .strictObject(FIELDS)
  .partial()
  .refine(saysSomething, unlessWrong(`needs at least one of ${Object.keys(FIELDS).join(', ')}`))
  .transform((filter) => filter as Filter);
