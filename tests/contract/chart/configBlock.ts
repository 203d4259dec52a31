import { CONFIG_VALUES } from './flagValues.ts';

/** The values under `config`, as they stand in values.yaml. */
export function configBlock(): string {
  const entries = CONFIG_VALUES.map(({ name, setting }) => {
    const usual = setting.default === '' ? '' : ` (the operator's default: \`${setting.default}\`)`;
    return `  # -- ${setting.help.replace(/^./, (letter) => letter.toUpperCase())}${usual}\n  ${name}: null`;
  });
  return entries.join('\n');
}
