import type { Command, Option } from 'commander';

/** How the shell goes on, in Cobra's words, which kubectl reads from a plugin's completion (kubectl pkg/cmd/plugin_completion.go). */
const DIRECTIVE = { files: ':0', nothingElse: ':4' } as const;

/**
 * The completions of the last word: one candidate per line with a description after a tab, and then the directive.
 * @param words the words after the program's name; the last one is incomplete and may be empty
 */
export function completion(root: Command, words: readonly string[]): string {
  const [earlier, typed] = [words.slice(0, -1), words.at(-1) ?? ''];
  const command = earlier.reduce((at, word) => at.commands.find((one) => one.name() === word) ?? at, root);
  const before = earlier.at(-1) ?? '';
  const asking = command.options.find(({ required, long, short }) => required && [long, short].includes(before));
  const candidates = asking ? valuesOf(asking) : typed.startsWith('-') ? flagsOf(command) : commandsOf(command);
  const fitting = candidates.filter((candidate) => candidate.startsWith(typed));
  const files = candidates.length === 0;
  return [...fitting, files ? DIRECTIVE.files : DIRECTIVE.nothingElse, ''].join('\n');
}

const valuesOf = ({ argChoices = [] }: Option): string[] => argChoices;

const flagsOf = ({ options }: Command): string[] => options.map(({ long, description }) => `${long}\t${description}`);

const commandsOf = ({ commands }: Command): string[] =>
  commands.map((command) => `${command.name()}\t${command.description()}`);
