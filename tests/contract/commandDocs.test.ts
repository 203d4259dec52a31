import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Actions, program } from '../../src/cli/program.ts';
import { emptyIsUnset, envOf, type Setting } from '../../src/cli/setting.ts';
import { SETTINGS } from '../../src/cli/settings.ts';
import { PRODUCT } from '../../src/names.ts';

/** What is wrong with a command; undefined if it would run. */
async function wrongWith(words: readonly string[]): Promise<string | undefined> {
  let ran = false;
  const action = async (): Promise<number> => {
    ran = true;
    return 0;
  };
  const actions: Actions = {
    run: action,
    plan: action,
    status: action,
    pause: action,
    resume: action,
    explain: action,
    policyCheck: action,
  };
  const root = program('1', actions, () => undefined);
  const silent = (command: Command): void => {
    command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined }).exitOverride();
    for (const sub of command.commands) silent(sub);
  };
  silent(root);
  try {
    await root.parseAsync(words, { from: 'user' });
  } catch (error) {
    return (error as Error).message;
  }
  return ran ? undefined : 'no command ran';
}

/** The words of a line as a shell splits it, without what follows the command. */
function wordsOf(line: string): string[] {
  const [command = ''] = line.split(/ \| | # | &$/);
  return [...command.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}

/** The commands in a text, each on a line of its own. In a help, what it does may follow in another column. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(new RegExp(`^ *(${PRODUCT} (?:\\S| {1,2}\\S)*)`, 'gm'))].map(([, line = '']) => line);

const PAGES = ['README.md', 'CONTRIBUTING.md', 'helm/README.md', ...readdirSync('docs').map((file) => `docs/${file}`)]
  .filter((file) => file.endsWith('.md'))
  .map((file) => [file, readFileSync(file, 'utf8')] as const);

const documented = PAGES.flatMap(([file, text]) =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, language, block = '']) =>
    (language === '' ? commandsIn(block) : []).map((line) => [file, line] as const),
  ),
);

/** The help of a command with its examples. */
async function helpOf(words: readonly string[]): Promise<string> {
  let help = '';
  const root = program('1', {} as Actions, () => undefined);
  const listening = (command: Command): void => {
    command.configureOutput({ writeOut: (text) => (help += text) }).exitOverride();
    for (const sub of command.commands) listening(sub);
  };
  listening(root);
  await root.parseAsync([...words, '--help'], { from: 'user' }).catch(() => undefined);
  return help.split('\nExamples:\n')[1] ?? '';
}

const HELPS = [['run'], ['plan'], ['status'], ['pause'], ['resume'], ['explain'], ['policy', 'check']];
const helps = (
  await Promise.all(HELPS.map(async (words) => commandsIn(await helpOf(words)).map((line) => [words.join(' '), line])))
).flat() as [string, string][];

test('there are commands to try', () => assert.ok(documented.length > 10 && helps.length > 20));

for (const [file, line] of documented)
  test(`${file}: ${line}`, async () => assert.equal(await wrongWith(wordsOf(line).slice(1)), undefined));

for (const [command, line] of helps)
  test(`the help of ${command}: ${line}`, async () => assert.equal(await wrongWith(wordsOf(line).slice(1)), undefined));

describe('a command that would not run is found', () => {
  const rows: [line: string, what: RegExp][] = [
    ['plan --no-such-flag', /unknown option '--no-such-flag'/],
    ["plan --if 'tag prod'", /--if/],
    ['explain no-such-reason', /no reason "no-such-reason"/],
    ['polish', /unknown command 'polish'/],
    ['', /./],
  ];
  for (const [line, what] of rows)
    test(`"${line}"`, async () => assert.match((await wrongWith(wordsOf(line))) ?? '', what));
});

test('docs/flags.md names the variables that mean "none" when they are empty', () => {
  const isNone = (setting: Setting<unknown>): boolean => {
    try {
      return (
        setting.list === true && !emptyIsUnset(setting) && [...(setting.parse('') as Iterable<string>)].length === 0
      );
    } catch {
      return false;
    }
  };
  const all = Object.entries<Setting<unknown>>(SETTINGS).filter(([, setting]) => isNone(setting));
  const [, said = ''] = /^- An empty variable counts([\s\S]*?)\n\n/m.exec(readFileSync('docs/flags.md', 'utf8')) ?? [];
  assert.deepEqual(new Set(said.match(/MELTEMI_\w+/g)), new Set(all.map(([name]) => envOf(name))));
});
