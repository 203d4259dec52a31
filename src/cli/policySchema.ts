import { z } from 'zod';
import type { ImageRewrite } from '../compare/imageRewrite.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { Policy } from '../plan/policy.ts';
import { filterSchema } from './filterSchema.ts';
import { freezesSchema } from './freezesSchema.ts';
import { imageRewritesSchema } from './imageRewritesSchema.ts';
import { metricGatesSchema } from './metricGatesSchema.ts';
import { notifySchema } from './notifySchema.ts';
import { parsed } from './parsed.ts';
import type { Setting } from './setting.ts';
import { POLICY_NAMES, type PolicyName, SETTINGS, type Settings } from './settings.ts';
import { sidecarsSchema } from './sidecarsSchema.ts';
import { urgentSchema } from './urgentSchema.ts';
import { unknownGates, wavesSchema } from './wavesSchema.ts';
import { windowsSchema } from './windowsSchema.ts';

/** The content of a policy file: the settings that are policy, and the keys that have no flag. */
export type FilePolicy = Partial<Pick<Settings, PolicyName> & Pick<Policy, SameKey>> & {
  readonly imageRewrites?: readonly ImageRewrite[];
  readonly istio?: boolean;
  readonly sidecars?: readonly SidecarSource[];
};

/** Keys without a flag that the policy in force has too, with the same values. */
type SameKey = 'paused' | 'windows' | 'freezes' | 'urgent' | 'include' | 'exclude' | 'notify' | 'waves' | 'metricGates';

/** The key that pauses, with what it means. */
export const PAUSE_KEY = {
  paused:
    'begin no new restart: a text is the reason to show, `true` pauses without a reason, and `false` does not pause',
} as const;

/** The key for images that the cluster pulls from elsewhere, and what it means. */
export const REWRITES_KEY = {
  imageRewrites:
    'registries and paths from which the cluster pulls images that the injector names elsewhere; the image from either counts as expected',
} as const;

/** Keys of the sidecars that are kept up to date, with what they mean. */
export const SIDECAR_KEYS = {
  istio: "whether Istio's proxy is kept up to date; `false` needs `sidecars`",
  sidecars: 'other injected sidecars that are kept up to date',
} as const;

/** Keys of the times at which restarts may begin, with what they mean. */
export const TIME_KEYS = {
  windows: 'times at which restarts may begin; without any, they begin at any time',
  freezes: 'times at which no restart begins',
  urgent: 'restarts towards these images ignore `windows`, `freezes` and the annotation `meltemi.dev/window`',
} as const;

/** Keys of filters, with what they mean. */
export const FILTER_KEYS = {
  include: 'Meltemi restarts only workloads that one of these filters matches; without any, all',
  exclude: 'Meltemi restarts no workload that one of these filters matches, whatever other settings say',
} as const;

/** The key of who is told of runs, and what it means. */
export const NOTIFY_KEY = {
  notify: 'who gets a message when a run starts, halts or finishes, and at other events',
} as const;

/** The key of the waves, with what it means. */
export const WAVES_KEY = {
  waves: 'parts of the mesh that are restarted before the rest, one after the other',
} as const;

/** The key for conditions on metrics and alerts, with what it means. */
export const METRIC_GATE_KEY = {
  metricGates: 'questions to Prometheus; restarts wait while a metric is beyond its bound or an alert fires',
} as const;

const NO_VALUE = 'has no value; leave the key out instead';

/**
 * The schema of the policy file, for YAML whose scalars are all texts. The parser of its own flag reads each setting that is marked as
 * policy. A list may also be a YAML list.
 */
export const policySchema: z.ZodType<FilePolicy> = z
  .strictObject({
    ...Object.fromEntries(POLICY_NAMES.map((name) => [name, settingSchema(SETTINGS[name]).optional()])),
    paused: z.string().min(1, NO_VALUE).optional(),
    imageRewrites: imageRewritesSchema.optional(),
    istio: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional(),
    sidecars: sidecarsSchema.optional(),
    windows: windowsSchema.optional(),
    freezes: freezesSchema.optional(),
    urgent: urgentSchema.optional(),
    // an empty list would include everything, which its name does not suggest
    include: z
      .array(filterSchema)
      .min(1, 'is an empty list, which would include everything; leave the key out')
      .optional(),
    exclude: z.array(filterSchema).optional(),
    notify: notifySchema.optional(),
    waves: wavesSchema.optional(),
    metricGates: metricGatesSchema.optional(),
  })
  .transform((policy, context) => {
    if (policy.istio === false && !policy.sidecars)
      context.addIssue({ code: 'custom', message: NOTHING_LEFT, path: ['istio'] });
    checkGates(policy as FilePolicy, context);
    return policy as FilePolicy;
  });

function checkGates({ waves = [], metricGates = [] }: FilePolicy, context: z.RefinementCtx): void {
  for (const { path, message } of unknownGates(waves, metricGates))
    context.addIssue({ code: 'custom', message, path: [...path] });
}

const NOTHING_LEFT = "'false' is invalid. Without Istio, the policy needs sidecars that are kept up to date.";

export const POLICY_KEYS: readonly string[] = [
  ...POLICY_NAMES,
  ...Object.keys(PAUSE_KEY),
  ...Object.keys(REWRITES_KEY),
  ...Object.keys(SIDECAR_KEYS),
  ...Object.keys(TIME_KEYS),
  ...Object.keys(FILTER_KEYS),
  ...Object.keys(NOTIFY_KEY),
  ...Object.keys(WAVES_KEY),
  ...Object.keys(METRIC_GATE_KEY),
];

function settingSchema(setting: Setting<unknown>) {
  return z.unknown().transform((given, context): unknown => {
    if (setting.list && Array.isArray(given)) return wordsParsed(setting, given, context);
    const isBlank = typeof given === 'string' && given.trim() === '';
    if (typeof given === 'string' && !isBlank) return parsed(setting.parse, given, context);
    const kind = setting.list ? 'a list' : `one ${setting.value ?? 'of true and false'}`;
    context.addIssue({ code: 'custom', message: isBlank ? NO_VALUE : `must be ${kind}` });
    return z.NEVER;
  });
}

/** Parses each entry alone first, so that an error points to its entry. */
function wordsParsed(setting: Setting<unknown>, given: readonly unknown[], context: z.RefinementCtx): unknown {
  const before = context.issues.length;
  for (const [index, word] of given.entries()) {
    if (typeof word === 'string' && word.trim() !== '' && !word.includes(','))
      parsed(setting.parse, word, context, [index]);
    else context.addIssue({ code: 'custom', message: 'must be one word without commas', path: [index] });
  }
  return context.issues.length > before ? z.NEVER : parsed(setting.parse, given.join(','), context, [], '[]');
}
