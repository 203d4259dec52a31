import { defaultOf, type Setting } from '../../../src/cli/setting.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** What parseDuration reads. */
const DURATION = '^(0|(\\d+(\\.\\d+)?(ms|s|m|h))+)?$';
const ADDRESS = '^(0|.*:\\d{1,5})?$';

/** What a value for a setting may be: what its flag takes, in YAML's own types. null and empty texts leave it to the operator. */
export function settingSchema(setting: Setting<unknown>): Schema {
  const usual = defaultOf(setting);
  if (typeof usual === 'boolean') return { type: ['boolean', 'null'] };
  if (usual instanceof Set || Array.isArray(usual)) return listSchema(setting);
  if (setting.words) return { type: ['string', 'null'], enum: [...setting.words, '', null] };
  if (setting.value === 'duration') return { type: ['string', 'null'], pattern: DURATION };
  if (setting.value === 'address') return { type: ['string', 'null'], pattern: ADDRESS };
  if (typeof usual === 'number')
    return { type: ['integer', 'null'], minimum: setting.bounds?.min, maximum: setting.bounds?.max };
  return { type: ['string', 'null'] };
}

const listSchema = ({ words }: Setting<unknown>): Schema => ({
  type: ['array', 'string', 'null'],
  items: { type: 'string', ...(words && { enum: words }) },
});
