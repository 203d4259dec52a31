import assert from 'node:assert/strict';
import { completion } from '../../../src/cli/completion.ts';
import { type Actions, program } from '../../../src/cli/program.ts';

const root = program('1.2.3', {} as Actions, () => undefined);

/** The candidates without their meanings, and the directive. */
function complete(typed: string): string[] {
  const lines = completion(root, typed.split(' ')).split('\n').slice(0, -1);
  return lines.map((line) => line.split('\t')[0] ?? '');
}

const rows: [string, string, string[]][] = [
  ['the commands', '', ['run', 'plan', 'status', 'pause', 'resume', 'policy', ':4']],
  ['commands that begin so', 'p', ['plan', 'pause', 'policy', ':4']],
  ['the commands of a command', 'policy ', ['check', ':4']],
  [
    'flags that begin so',
    'run --metrics-c',
    ['--metrics-cert-path', '--metrics-cert-name', '--metrics-cert-key', ':4'],
  ],
  ['flags after others', 'plan -n shop --expl', ['--explain', ':4']],
  ['only flags of that command', 'pause --metrics', [':4']],
  ['words of a flag that has some', 'policy check --output ', ['yaml', 'json', ':4']],
  ['files after a flag that takes anything', 'run --kubeconfig ', [':0']],
  ['files after a short flag', 'plan -n ', [':0']],
  ['files for an argument', 'policy check ', [':0']],
  ['flags after a switch, which needs no value', 'run --dry-run --leader', ['--leader-elect', ':4']],
];

for (const [name, typed, expected] of rows)
  test(`"${typed}": ${name}`, () => assert.deepEqual(complete(typed), expected));

test('each candidate says what it means', () =>
  assert.match(completion(root, ['pa']), /^pause\tlet no new restart begin\n:4\n$/));
