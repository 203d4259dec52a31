import type { Command, Option } from 'commander';
import { REASONS } from '../plan/reasonCatalogue.ts';
import type { AskCluster, Where } from './askCluster.ts';
import { CLUSTER_WORDS } from './clusterWords.ts';
import { shortMeaning } from './explainCommand.ts';
import type { SettingName } from './settings.ts';

/** How the shell goes on, in Cobra's words, which kubectl reads from a plugin's completion (kubectl pkg/cmd/plugin_completion.go). */
const DIRECTIVE = { files: ':0', nothingElse: ':4', noBlank: ':6' } as const;
type Directive = (typeof DIRECTIVE)[keyof typeof DIRECTIVE];

interface Candidates {
  readonly words: readonly string[];
  readonly directive: Directive;
}

const FILES: Candidates = { words: [], directive: DIRECTIVE.files };
const words = (known: readonly string[]): Candidates =>
  known.length === 0 ? FILES : { words: known, directive: DIRECTIVE.nothingElse };

/**
 * The completions of the last word: one candidate per line with a description after a tab, and then the directive.
 * @param line the words after the program's name; the last one is incomplete and may be empty
 * @param ask asks the cluster for names; without it none are known
 */
export async function completion(
  root: Command,
  line: readonly string[],
  ask: AskCluster = async () => [],
): Promise<string> {
  const [earlier, typed] = [line.slice(0, -1), line.at(-1) ?? ''];
  const command = earlier.reduce((at, word) => at.commands.find((one) => one.name() === word) ?? at, root);
  const { words: known, directive } = await candidates({ command, earlier, typed, ask });
  const fitting = known.filter((candidate) => candidate.startsWith(typed));
  return [...fitting, directive, ''].join('\n');
}

/** A command line whose last word is being typed. */
interface Line {
  readonly command: Command;
  readonly earlier: readonly string[];
  readonly typed: string;
  readonly ask: AskCluster;
}

async function candidates(line: Line): Promise<Candidates> {
  const { command, earlier, typed } = line;
  const asking = optionOf(command, earlier.at(-1) ?? '');
  if (asking?.required) return valuesOf(asking, typed, line);
  const at = typed.indexOf('=');
  if (typed.startsWith('--') && at > 0) {
    const option = optionOf(command, typed.slice(0, at));
    const { words: values, directive } = option ? await valuesOf(option, typed.slice(at + 1), line) : words([]);
    return { words: values.map((value) => typed.slice(0, at + 1) + value), directive };
  }
  if (typed.startsWith('-')) return words(flagsOf(command));
  return command.name() === 'explain' ? reasonsAfter(earlier) : words(commandsOf(command));
}

const optionOf = ({ options }: Command, word: string): Option | undefined =>
  options.find(({ long, short }) => word !== '' && [long, short].includes(word));

async function valuesOf(option: Option, value: string, { earlier, ask }: Line): Promise<Candidates> {
  const read = CLUSTER_WORDS[option.attributeName() as SettingName];
  if (!read) return words(option.argChoices ?? []);
  const namespace = givenTo(earlier, '--namespace', '-n');
  const known = await ask(whereIn(earlier), (asked) => read(asked, { value, namespace }));
  const goesOn = known.some((word) => word.startsWith(value) && /[/=]$/.test(word));
  return { words: known, directive: goesOn ? DIRECTIVE.noBlank : DIRECTIVE.nothingElse };
}

const whereIn = (earlier: readonly string[]): Where => ({
  kubeconfig: givenTo(earlier, '--kubeconfig'),
  context: givenTo(earlier, '--context'),
});

/** The last value that a line gives a flag. */
function givenTo(earlier: readonly string[], ...names: readonly string[]): string | undefined {
  return earlier
    .flatMap((word, index) => {
      const before = earlier[index - 1] ?? '';
      if (names.includes(before)) return word;
      const name = names.find((one) => word.startsWith(`${one}=`));
      return name === undefined ? [] : word.slice(name.length + 1);
    })
    .at(-1);
}

const flagsOf = ({ options }: Command): string[] => options.map(({ long, description }) => `${long}\t${description}`);

const commandsOf = ({ commands }: Command): string[] =>
  commands.map((command) => `${command.name()}\t${command.description()}`);

/** The reasons; nothing once one is given. */
function reasonsAfter(earlier: readonly string[]): Candidates {
  const codes = [...REASONS.keys()];
  const isGiven = codes.some((code) => earlier.includes(code));
  const reasons = isGiven ? [] : codes.map((code) => `${code}\t${shortMeaning(code)}`);
  return { words: reasons, directive: DIRECTIVE.nothingElse };
}
