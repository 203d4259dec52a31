import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ENV_PREFIX } from '../../names.ts';
import { flagOption } from '../flagOption.ts';
import { quoted } from '../quoted.ts';
import { emptyIsUnset, envOf, type Setting } from '../setting.ts';
import { SETTINGS, type Settings } from '../settings.ts';

/** The settings of an operator that its arguments and its environment give. */
export interface ContainerSettings {
  readonly settings: Partial<Settings>;
  readonly given: ReadonlySet<string>;
  /** Variables that look like settings and are none. */
  readonly unknown: readonly string[];
}

const OF_RUN = Object.entries<Setting<unknown>>(SETTINGS).filter(([, { commands }]) => commands.includes('run'));

/**
 * Reads the settings as `run` does: a flag wins over a variable, and an empty variable may count as none.
 * @param args what comes after the program: `run` and its flags
 * @throws {Error} with a message for users: an unknown flag, or an invalid value
 */
export function containerSettings(
  args: readonly string[],
  environment: ReadonlyMap<string, string>,
): ContainerSettings {
  const start = args.indexOf('run');
  if (start < 0) throw new Error('its container does not run the command "run"');
  const flags = flagsOf(args.slice(start + 1));
  const variables = OF_RUN.flatMap(([name, setting]): [string, unknown][] => {
    const text = environment.get(envOf(name));
    const isUnset = text === undefined || (text === '' && emptyIsUnset(setting));
    return isUnset || name in flags ? [] : [[name, parsedValue(envOf(name), text, setting)]];
  });
  const settings: Partial<Settings> = { ...Object.fromEntries(variables), ...flags };
  const known = new Set(Object.keys(SETTINGS).map(envOf));
  const unknown = [...environment.keys()].filter((name) => name.startsWith(ENV_PREFIX) && !known.has(name));
  return { settings, given: new Set(Object.keys(settings)), unknown };
}

/** The flags that are given. Commander would add the environment of this process, so the options have no variables. */
function flagsOf(args: readonly string[]): Partial<Settings> {
  const command = new Command().exitOverride().allowExcessArguments(false).helpOption(false);
  command.configureOutput({ writeErr: () => undefined });
  for (const [name, setting] of OF_RUN) command.addOption(flagOption(name, setting));
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw new Error(error.message.replace(/^error: /, ''), { cause: error });
    throw error;
  }
  const given = command.options
    .map((option) => option.attributeName())
    .filter((name) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(given.map((name) => [name, command.getOptionValue(name)]));
}

function parsedValue(variable: string, text: string, setting: Setting<unknown>): unknown {
  try {
    return setting.parse(text);
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      throw new Error(`${variable} ${quoted(text)} is invalid. ${error.message}`, { cause: error });
    throw error;
  }
}
