import { Option } from 'commander';
import { defaultOf, flagOf, type Setting } from './setting.ts';

const SHORT: Readonly<Record<string, string>> = { namespace: '-n, ', output: '-o, ', watch: '-w, ' };

/** The flag of a setting, without its environment variable. */
export function flagOption(name: string, setting: Setting<unknown>): Option {
  const { value, alone = value === undefined ? 'true' : undefined, parse, combine } = setting;
  // A switch takes an optional value, so that `--dry-run=false` and MELTEMI_DRY_RUN=false mean what they say.
  const shown = value === undefined ? '[true|false]' : alone === undefined ? `<${value}>` : `[${value}]`;
  const option = new Option(`${SHORT[name] ?? ''}${flagOf(name)} ${shown}`, setting.help)
    .argParser(combine ? (given: string, before: unknown) => combine(before, parse(given)) : parse)
    .default(defaultOf(setting), setting.default || 'none');
  return alone === undefined ? option : option.preset(alone);
}
