import { z } from 'zod';
import type { MetricGate } from '../plan/metricGate.ts';
import { durationPattern, parseDuration } from './duration.ts';
import { filterSchema } from './filterSchema.ts';
import { quoted } from './quoted.ts';

/** Each one is asked for itself, and is a label of the metrics. */
const MOST_GATES = 20;
const LONGEST_QUERY = 4000;
const MOST_LABELS = 20;
const TIME_LIMIT = 60 * 60 * 1000;

const NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]{0,127}$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const LONGEST_NUMBER = 40;

const number = z
  .string()
  .refine((text) => text.length <= LONGEST_NUMBER && NUMBER.test(text) && Number.isFinite(Number(text)), {
    error: ({ input }) => `${quoted(String(input))} is invalid. It must be a number such as 0.01.`,
  })
  .transform(Number);

const duration = z
  .string()
  .regex(new RegExp(durationPattern(1)), 'It must be a duration such as 30m or 2h.')
  .transform((text) => parseDuration(text) ?? 0);

const file = z.string().refine((path) => path.startsWith('/') && path.length <= 1000 && !path.includes('\0'), {
  error: ({ input }) => `${quoted(String(input))} is invalid. It must be the absolute path of a file.`,
});

const address = z.string().refine((text) => addressProblem(text) === undefined, {
  error: ({ input }) => `${quoted(withoutSecret(String(input)))} is invalid. ${addressProblem(String(input))}`,
});

/** Why Prometheus cannot be asked at an address; undefined if it can. */
function addressProblem(text: string): string | undefined {
  const url = text.length <= 1000 && URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return 'It must be an http or https URL such as http://prometheus.monitoring:9090.';
  if (url.username !== '' || url.password !== '')
    return 'It must have no credentials, because people read the policy. Use tokenFile.';
  return url.search === '' && url.hash === '' ? undefined : 'It must end with its path, without ? and #.';
}

/** Messages are logged and become Events. */
const withoutSecret = (text: string): string => {
  const at = text.lastIndexOf('@');
  return at < 0 ? text : `…${text.slice(at)}`;
};

const alerts = z
  .record(
    z.string().regex(LABEL, 'It must be the name of a label.'),
    z.string().min(1, 'has no value').max(500, 'is too long'),
  )
  .refine((labels) => Object.keys(labels).length > 0, 'selects all alerts; name at least one label, such as severity')
  .refine((labels) => Object.keys(labels).length <= MOST_LABELS, `must have at most ${MOST_LABELS} labels`)
  .refine((labels) => !('alertstate' in labels), 'must not have alertstate, which is always firing')
  .refine((labels) => !('__name__' in labels), 'must not have __name__, which is always ALERTS');

const FIELDS = {
  name: z
    .string()
    .regex(
      NAME,
      'It must have at most 63 lower-case letters, digits and dashes, and begin and end with a letter or digit.',
    )
    .describe('A short name, for waves, reasons, Events and metrics.'),
  prometheus: address.describe(
    'The address of Prometheus, Thanos, Mimir or anything else with the HTTP API of Prometheus, without `/api/v1`.',
  ),
  query: z
    .string()
    .min(1, 'has no value')
    .max(LONGEST_QUERY, `must have at most ${LONGEST_QUERY} characters`)
    .optional()
    .describe('A PromQL query that gives a vector or a scalar. It needs `min`, `max` or both.'),
  min: number.optional().describe('The smallest value that keeps the gate open.'),
  max: number.optional().describe('The largest value that keeps the gate open.'),
  alerts: alerts
    .optional()
    .describe('Labels, instead of a `query`. The gate is open while no alert that has all of them fires.'),
  timeLimit: duration
    .optional()
    .describe(
      'How long a closed gate may hold restarts before Meltemi reports it. The gate stays closed. The default is `1h`.',
    ),
  match: z
    .array(filterSchema)
    .min(1, 'is an empty list; leave the key out instead')
    .optional()
    .describe('Filters, as in `include`. Without it, the gate is for all workloads.'),
  tokenFile: file.optional().describe('The path of a file with a bearer token. It needs an `https` address.'),
  caFile: file
    .optional()
    .describe(
      "The path of a PEM file with the CA of Prometheus's certificate. Without it, Meltemi uses the CAs of its image.",
    ),
};

/** What each field of an entry means, for docs/policy.md. */
export const METRIC_GATE_FIELDS: Readonly<Record<keyof typeof FIELDS, string>> = Object.fromEntries(
  Object.entries(FIELDS).map(([name, { description = '' }]) => [name, description]),
) as Record<keyof typeof FIELDS, string>;

type Given = z.infer<z.ZodObject<typeof FIELDS>>;

const entrySchema = z.strictObject(FIELDS).transform((given, context): MetricGate => {
  const wrong = contradiction(given);
  if (wrong) {
    context.addIssue({ code: 'custom', message: wrong.message, path: wrong.field ? [wrong.field] : [] });
    return z.NEVER;
  }
  const { name, prometheus, query, min, max, alerts: labels = {}, match, tokenFile, caFile } = given;
  const bound = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  return {
    name,
    prometheus,
    ask: query === undefined ? { alerts: labels } : { query, ...bound },
    timeLimit: given.timeLimit ?? TIME_LIMIT,
    ...(match && { match }),
    ...(tokenFile !== undefined && { tokenFile }),
    ...(caFile !== undefined && { caFile }),
  };
});

/** What of an entry does not go together, and the field to change. */
function contradiction(given: Given): { readonly message: string; readonly field?: keyof Given } | undefined {
  const { prometheus, query, min, max, alerts: labels, tokenFile, caFile } = given;
  const isPlain = !prometheus.toLowerCase().startsWith('https:');
  if ((query === undefined) === (labels === undefined)) return { message: 'needs one of query and alerts' };
  if (query !== undefined && min === undefined && max === undefined)
    return { message: 'needs a bound for its query: min, max or both' };
  if (labels && min !== undefined) return { message: 'is for a query, not for alerts', field: 'min' };
  if (labels && max !== undefined) return { message: 'is for a query, not for alerts', field: 'max' };
  if (min !== undefined && max !== undefined && min > max)
    return { message: `${quoted(String(min))} is invalid. It must not be greater than max.`, field: 'min' };
  if (tokenFile !== undefined && isPlain)
    return {
      message: 'needs an https address, because over http anyone on the way reads the token',
      field: 'tokenFile',
    };
  if (caFile !== undefined && isPlain) return { message: 'needs an https address', field: 'caFile' };
  return undefined;
}

/** `metricGates` of the policy file. */
export const metricGatesSchema: z.ZodType<readonly MetricGate[]> = z
  .array(entrySchema)
  .max(MOST_GATES, `must have at most ${MOST_GATES} entries`)
  .transform((gates, context) => {
    for (const [index, { name }] of gates.entries()) {
      const first = gates.findIndex((other) => other.name === name);
      const message = `${quoted(name)} is given twice. Choose another name than metricGates[${first}] has.`;
      if (first < index) context.addIssue({ code: 'custom', message, path: [index, 'name'] });
    }
    return gates;
  });
