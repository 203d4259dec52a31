import { defaultOf, type Setting } from '../../../src/cli/setting.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** What a value for a setting may be: what its flag takes, in YAML's own types. null and empty texts leave it to the operator. */
export function settingSchema(setting: Setting<unknown>): Schema {
  const usual = defaultOf(setting);
  if (typeof usual === 'boolean') return { type: ['boolean', 'null'] };
  if (usual instanceof Set || Array.isArray(usual)) return listSchema(setting);
  if (setting.words) return { type: ['string', 'null'], enum: [...setting.words, '', null] };
  if (setting.value === 'number')
    return { type: ['integer', 'null'], minimum: setting.bounds?.min, maximum: setting.bounds?.max };
  return { type: ['string', 'null'], ...(setting.pattern && { pattern: orEmpty(setting.pattern) }) };
}

const orEmpty = (pattern: string): string => pattern.replace(/^\^/, '^(').replace(/\$$/, ')?$');

/** A list, or a text with commas, as the flag takes it. */
function listSchema({ words, pattern = '.*', atLeastOne }: Setting<unknown>): Schema {
  const entry = words ? `(${words.join('|')})` : pattern;
  const item = words ? { enum: words } : { pattern: `^${entry}$` };
  const text = `^(\\s*|[\\s,]*${entry}(\\s*,[\\s,]*${entry})*[\\s,]*)$`;
  const least = atLeastOne && { minItems: 1, minLength: 1 };
  return { type: ['array', 'string', 'null'], pattern: text, items: { type: 'string', ...item }, ...least };
}
