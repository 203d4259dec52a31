import { z } from 'zod';
import type { Filter } from '../expect/filter.ts';
import { REST, type Wave } from '../plan/wave.ts';
import { durationPattern, parseDuration } from './duration.ts';
import { filterSchema } from './filterSchema.ts';
import { fromOneTo, numberUpTo } from './numberPattern.ts';
import { quoted } from './quoted.ts';

/** Each wave is a metric label and a line of the plan. */
export const MOST_WAVES = 32;
const MOST_FILTERS = 64;
const MOST_GATES = 16;
const MOST_RESTARTS = 10_000;

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

const listOf = <T extends z.ZodType>(one: T, most: number) =>
  z.array(one).min(1, 'is an empty list; leave the key out instead').max(most, `must have at most ${most} entries`);

/** A text that must match as a whole, read as a number. */
const number = (pattern: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${pattern}$`), `It must be a whole number ${what}.`)
    .transform(Number);

const name = z
  .string()
  .regex(
    LABEL,
    'It must have at most 63 lower-case letters, digits and dashes, and begin and end with a letter or digit.',
  );

const bake = z
  .string()
  .regex(new RegExp(durationPattern(0)), 'It must be a duration in whole numbers, such as 90s, 30m or 1h30m.')
  .transform((text) => parseDuration(text) ?? 0);

const FIELDS = {
  name,
  match: listOf(filterSchema, MOST_FILTERS),
  percent: number(fromOneTo(100), 'from 1 to 100').optional(),
  bake: bake.optional(),
  gates: listOf(name, MOST_GATES).optional(),
  maxInFlight: number(fromOneTo(MOST_RESTARTS), `from 1 to ${MOST_RESTARTS}`).optional(),
  maxFailures: number(numberUpTo(MOST_RESTARTS), `from 0 to ${MOST_RESTARTS}`).optional(),
};

/** What each field of a wave means, for docs/steering.md. */
export const WAVE_FIELDS: Readonly<Record<keyof typeof FIELDS, string>> = {
  name: 'A short name, for plans, metrics and notifications. `rest` is always the last wave, so choose another name.',
  match: 'Filters, as in `include`. A workload is in the first wave with a filter that matches it.',
  percent:
    'The percentage of the matching workloads that is in this wave. The others are in a later wave. Without it, all are in this one.',
  bake: 'How long the next waves wait after the last restart of this wave has ended, for example `30m`. The default is `0s`.',
  gates: 'Names of `metricGates` that must be open while this wave is restarted, and when its bake has passed.',
  maxInFlight:
    'How many restarts of this wave may be in flight at a time. The limits of the whole policy apply as well.',
  maxFailures: 'How many failed restarts of this wave do not hold the next waves. The default is 0.',
};

const waveSchema = z.strictObject(FIELDS).transform(
  ({ match, percent, bake: bakes = 0, gates = [], maxInFlight, maxFailures = 0, ...wave }): Wave => ({
    ...wave,
    match: match as readonly Filter[],
    bake: bakes,
    gates,
    maxFailures,
    ...(percent !== undefined && { percent }),
    ...(maxInFlight !== undefined && { maxInFlight }),
  }),
);

/** `waves` of the policy file. */
export const wavesSchema: z.ZodType<readonly Wave[]> = listOf(waveSchema, MOST_WAVES).transform((waves, context) => {
  for (const [index, wave] of waves.entries()) {
    const add = (message: string): void =>
      context.addIssue({ code: 'custom', message: `${quoted(wave.name)} is ${message}`, path: [index, 'name'] });
    if (wave.name === REST) add('invalid. It is the wave of all workloads that no wave matches; choose another name.');
    const first = waves.findIndex((other) => other.name === wave.name);
    if (first < index) add(`given twice. Choose another name than waves[${first}] has.`);
  }
  return waves;
});

/**
 * Finds gates of waves that the policy does not have.
 * @returns the path in the policy of each, and what is wrong
 */
export function unknownGates(
  waves: readonly Wave[],
  gates: readonly { readonly name: string }[],
): { readonly path: (string | number)[]; readonly message: string }[] {
  const known = gates.map((gate) => gate.name);
  const should = known.length > 0 ? `metricGates has ${known.join(', ')}` : 'the policy has no metricGates';
  return waves.flatMap((wave, index) =>
    wave.gates.flatMap((gate, place) =>
      known.includes(gate)
        ? []
        : {
            path: ['waves', index, 'gates', place],
            message: `${quoted(gate)} is invalid. It must be the name of a metric gate; ${should}.`,
          },
    ),
  );
}
