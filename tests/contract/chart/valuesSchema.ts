import { CONFIG_VALUES } from './flagValues.ts';
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
  // Helm gives it to charts that other charts depend on.
  root.properties.global = { type: 'object' };
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...root }, null, 2)}\n`;
}

function typeOf({ path, usual, schema }: ValueKey): Schema {
  const setting = CONFIG_VALUES.find(({ value }) => value === path)?.setting;
  if (setting) return settingSchema(setting);
  if (Array.isArray(usual)) return { type: 'array', ...schema };
  if (typeof usual === 'number') return { type: 'integer', ...schema };
  if (typeof usual === 'boolean' || typeof usual === 'string') return { type: typeof usual, ...schema };
  return { type: 'object', ...schema };
}
