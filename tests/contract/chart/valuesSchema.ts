import { FILTER_FIELDS } from '../../../src/cli/filterSchema.ts';
import { FREEZE_FIELDS } from '../../../src/cli/freezesSchema.ts';
import { REWRITE_FIELDS } from '../../../src/cli/imageRewritesSchema.ts';
import { METRIC_GATE_FIELDS } from '../../../src/cli/metricGatesSchema.ts';
import { HOOK_FIELDS } from '../../../src/cli/notifySchema.ts';
import {
  FILTER_KEYS,
  METRIC_GATE_KEY,
  NOTIFY_KEY,
  PAUSE_KEY,
  REWRITES_KEY,
  SIDECAR_KEYS,
  type TIME_KEYS,
  WAVES_KEY,
} from '../../../src/cli/policySchema.ts';
import type { Setting } from '../../../src/cli/setting.ts';
import { POLICY_NAMES, SETTINGS } from '../../../src/cli/settings.ts';
import { SIDECAR_FIELDS } from '../../../src/cli/sidecarsSchema.ts';
import { URGENT_FIELDS } from '../../../src/cli/urgentSchema.ts';
import { MOST_WAVES, WAVE_FIELDS } from '../../../src/cli/wavesSchema.ts';
import { WINDOW_FIELDS } from '../../../src/cli/windowsSchema.ts';
import { SOURCE_KINDS } from '../../../src/expect/sources.ts';
import { NEWS_EVENTS, RECEIVER_KINDS } from '../../../src/plan/receiver.ts';
import { CONFIG_VALUES, POLICY_VALUES } from './flagValues.ts';
import { type Schema, settingSchema } from './settingSchema.ts';
import type { ValueKey } from './valueKeys.ts';

interface ObjectSchema {
  readonly type: 'object';
  readonly additionalProperties: false;
  readonly properties: Record<string, ObjectSchema | Schema>;
}

const closed = (): ObjectSchema => ({ type: 'object', additionalProperties: false, properties: {} });

/** values.schema.json: closed wherever the keys are the chart's own. */
export function valuesSchema(keys: readonly ValueKey[]): string {
  const root = closed();
  for (const key of keys) {
    const path = key.path.split('.');
    const last = path.pop() ?? '';
    const parent = path.reduce((at, step) => {
      at.properties[step] ??= closed();
      return at.properties[step] as ObjectSchema;
    }, root);
    parent.properties[last] = { description: key.help, ...typeOf(key) };
  }
  const { config } = root.properties as Record<string, ObjectSchema>;
  for (const { name, setting, value } of POLICY_VALUES)
    Object.assign(config?.properties ?? {}, {
      [name]: { description: `Use ${value} instead`, ...settingSchema(setting) },
    });
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...root }, null, 2)}\n`;
}

function typeOf({ path, usual, schema }: ValueKey): Schema {
  const setting = CONFIG_VALUES.find(({ value }) => value === path)?.setting;
  if (setting) return settingSchema(setting);
  if (path === 'policy') return policySchema();
  if (Array.isArray(usual)) return { type: 'array', ...schema };
  if (typeof usual === 'number') return { type: 'integer', ...schema };
  if (typeof usual === 'boolean' || typeof usual === 'string') return { type: typeof usual, ...schema };
  const values = STRINGS.test(path) ? { additionalProperties: { type: 'string' } } : {};
  return { type: 'object', ...values, ...schema };
}

/** Maps whose values Kubernetes takes as texts only: it refuses `8080` and `true`, which need quotes. */
const STRINGS = /(labels|annotations|nodeSelector)$/i;

/** The policy file's own keys. What a selector or a pattern may be is left to the operator, which says line and column. */
function policySchema(): Schema {
  const settings = POLICY_NAMES.map((name) => [name, said(settingSchema(SETTINGS[name]), SETTINGS[name])]);
  const filter = { ...closed(), minProperties: 1 };
  for (const field of Object.keys(FILTER_FIELDS)) filter.properties[field] = { type: ['array', 'object', 'string'] };
  const filters = Object.keys(FILTER_KEYS).map((name) => [
    name,
    // an empty `include` would include everything; the operator refuses it
    { type: 'array', items: filter, ...(name === 'include' && { minItems: 1 }) },
  ]);
  const rewrite = { ...closed(), required: REWRITE_FIELDS };
  for (const field of REWRITE_FIELDS) rewrite.properties[field] = { type: 'string', minLength: 1 };
  const rewrites = Object.keys(REWRITES_KEY).map((name) => [name, { type: 'array', items: rewrite }]);
  const sidecars = [
    [KEY.istio, { type: ['boolean', 'string'], enum: [true, false, 'true', 'false'] }],
    [KEY.sidecars, { type: 'array', minItems: 1, items: sidecarSchema(filter) }],
  ];
  const waves = Object.keys(WAVES_KEY).map((name) => [name, wavesSchema(filter)]);
  const gates = Object.keys(METRIC_GATE_KEY).map((name) => [name, { type: 'array', items: metricGateSchema(filter) }]);
  const pause = Object.keys(PAUSE_KEY).map((name) => [name, { type: ['string', 'boolean'], minLength: 1 }]);
  const notify = Object.keys(NOTIFY_KEY).map((name) => [name, { type: 'array', minItems: 1, items: receiverSchema() }]);
  const keys = [
    ...settings,
    ...pause,
    ...rewrites,
    ...sidecars,
    ...timeSchemas(filter),
    ...filters,
    ...waves,
    ...gates,
    ...notify,
  ];
  return { ...closed(), properties: Object.fromEntries(keys) };
}

/** The names of the keys, each once in the code. */
const KEY = Object.fromEntries(Object.keys(SIDECAR_KEYS).map((name) => [name, name])) as Record<
  keyof typeof SIDECAR_KEYS,
  string
>;

/** Only texts: a time that a tool has made a number of is not what its author meant. */
function timeSchemas(filter: Schema): [string, Schema][] {
  const lists: Readonly<Record<keyof typeof TIME_KEYS, Schema>> = {
    windows: namedSchema(WINDOW_FIELDS, filter),
    freezes: namedSchema(FREEZE_FIELDS, filter),
    urgent: {
      ...closed(),
      required: URGENT_FIELDS,
      properties: Object.fromEntries(URGENT_FIELDS.map((field) => [field, WORDS])),
    },
  };
  return Object.entries(lists).map(([name, items]) => [name, { type: 'array', minItems: 1, items }]);
}

const WORDS = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } };

/** An entry of `windows` or `freezes`. */
function namedSchema(fields: Readonly<Record<string, string>>, filter: Schema): Schema {
  const optional = ['match', 'days'];
  const entry = { ...closed(), required: Object.keys(fields).filter((field) => !optional.includes(field)) };
  for (const field of Object.keys(fields)) entry.properties[field] = { type: 'string', minLength: 1 };
  entry.properties.match = { type: 'array', minItems: 1, items: filter };
  if ('days' in fields) entry.properties.days = WORDS;
  return entry;
}

/** An entry has the value of exactly one source. */
function sidecarSchema(filter: Schema): Schema {
  const sidecar = { ...closed(), required: ['name', 'container'] };
  for (const field of Object.keys(SIDECAR_FIELDS)) sidecar.properties[field] = { type: 'string', minLength: 1 };
  sidecar.properties.match = { type: 'array', minItems: 1, items: filter };
  sidecar.properties.readyFirst = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } };
  return { ...sidecar, oneOf: SOURCE_KINDS.map(({ key }) => ({ required: [key] })) };
}

/** An entry has exactly one receiver. */
function receiverSchema(): Schema {
  const hook = { ...closed(), required: HOOK_FIELDS };
  for (const field of HOOK_FIELDS) hook.properties[field] = { type: 'string', minLength: 1 };
  const receiver = closed();
  for (const kind of RECEIVER_KINDS) receiver.properties[kind] = hook;
  receiver.properties.events = { type: 'array', minItems: 1, items: { enum: Object.keys(NEWS_EVENTS) } };
  return { ...receiver, oneOf: RECEIVER_KINDS.map((kind) => ({ required: [kind] })) };
}

/** What a number may be beyond its type is left to the operator. */
function wavesSchema(filter: Schema): Schema {
  const wave = { ...closed(), required: ['name', 'match'] };
  for (const field of Object.keys(WAVE_FIELDS)) wave.properties[field] = { type: ['integer', 'string'], minLength: 1 };
  wave.properties.name = { type: 'string', minLength: 1 };
  wave.properties.match = { type: 'array', minItems: 1, items: filter };
  wave.properties.gates = { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } };
  return { type: 'array', minItems: 1, maxItems: MOST_WAVES, items: wave };
}

/** An entry has a query with a bound, or labels of alerts. */
function metricGateSchema(filter: Schema): Schema {
  const gate = { ...closed(), required: ['name', 'prometheus'] };
  for (const field of Object.keys(METRIC_GATE_FIELDS)) gate.properties[field] = { type: 'string', minLength: 1 };
  for (const bound of ['min', 'max']) gate.properties[bound] = { type: ['number', 'string'] };
  gate.properties.alerts = { type: 'object', minProperties: 1, additionalProperties: { type: ['string', 'number'] } };
  gate.properties.match = { type: 'array', minItems: 1, items: filter };
  return { ...gate, oneOf: [{ required: ['query'] }, { required: ['alerts'] }] };
}

/** In the file a key that says nothing is a mistake. */
function said(schema: Schema, { list, unset }: Setting<unknown>): Schema {
  const { type, enum: words } = schema as { type: readonly string[]; enum?: readonly unknown[] };
  const types = type.filter((one) => one !== 'null');
  return {
    ...schema,
    type: types,
    ...(types.includes('string') && { minLength: 1 }),
    ...(list && unset && { minItems: 1 }),
    ...(words && { enum: words.filter(Boolean) }),
  };
}
