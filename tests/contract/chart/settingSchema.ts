import { defaultOf, type Setting } from '../../../src/cli/setting.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** What parseDuration reads. Whether it comes to whole seconds, and to no more than a year, is left to the operator. */
const PART = '(\\d+(\\.\\d+)?(ms|s|m|h))';
const DURATION = `^(0|${PART}+)?$`;
/** One that is not zero: some part has another digit. */
const LASTING = `^(${PART}*(\\d*[1-9]\\d*(\\.\\d+)?|\\d+\\.\\d*[1-9]\\d*)(ms|s|m|h)${PART}*)?$`;
/** What parseNames and parseNamespacePatterns read, one at a time. */
const ITEMS: Readonly<Record<string, string>> = {
  names: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  patterns: '^[a-z0-9*][-a-z0-9*]{0,62}$',
};
const ADDRESS = '^(0|.*:\\d{1,5})?$';

/** What a value for a setting may be: what its flag takes, in YAML's own types. null and empty texts leave it to the operator. */
export function settingSchema(setting: Setting<unknown>): Schema {
  const usual = defaultOf(setting);
  if (typeof usual === 'boolean') return { type: ['boolean', 'null'] };
  if (usual instanceof Set || Array.isArray(usual)) return listSchema(setting);
  if (setting.words) return { type: ['string', 'null'], enum: [...setting.words, '', null] };
  if (setting.value === 'duration')
    return { type: ['string', 'null'], pattern: (setting.bounds?.min ?? 0) > 0 ? LASTING : DURATION };
  if (setting.value === 'address') return { type: ['string', 'null'], pattern: ADDRESS };
  if (typeof usual === 'number')
    return { type: ['integer', 'null'], minimum: setting.bounds?.min, maximum: setting.bounds?.max };
  return { type: ['string', 'null'] };
}

function listSchema({ words, value = '', atLeastOne }: Setting<unknown>): Schema {
  const item = words ? { enum: words } : value in ITEMS ? { pattern: ITEMS[value] } : {};
  const least = atLeastOne && { minItems: 1, minLength: 1 };
  return { type: ['array', 'string', 'null'], items: { type: 'string', ...item }, ...least };
}
