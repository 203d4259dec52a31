import assert from 'node:assert/strict';
import { completion } from '../../../src/cli/completion.ts';
import { type Actions, program } from '../../../src/cli/program.ts';

const root = program('1.2.3', {} as Actions, () => undefined);

/** The candidates without their meanings, and the directive. */
async function complete(typed: string): Promise<string[]> {
  const lines = (await completion(root, typed.split(' '))).split('\n').slice(0, -1);
  return lines.map((line) => line.split('\t')[0] ?? '');
}

const rows: [string, string, string[]][] = [
  ['the commands', '', ['run', 'plan', 'status', 'pause', 'resume', 'explain', 'policy', ':4']],
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
  ['nothing, and no files either, where the cluster cannot be asked', 'plan -n ', [':4']],
  ['the reasons that begin so', 'explain cool', ['cooldown', ':4']],
  ['nothing after a reason', 'explain cooldown ', [':4']],
  ['words of a flag after a reason', 'explain cooldown -o j', ['json', ':4']],
  ['words of a flag after =', 'policy check --output=y', ['--output=yaml', ':4']],
  ['nothing after = of a flag that does not exist', 'plan --no-such=', [':0']],
  ['files for an argument', 'policy check ', [':0']],
  ['flags after a switch, which needs no value', 'run --dry-run --leader', ['--leader-elect', ':4']],
];

for (const [name, typed, expected] of rows)
  test(`"${typed}": ${name}`, async () => assert.deepEqual(await complete(typed), expected));

test('each candidate says what it means', async () =>
  assert.match(await completion(root, ['pa']), /^pause\tbegin no new restarts\n:4\n$/));

test('a reason says what it means', async () =>
  assert.equal(
    await completion(root, ['explain', 'rollin']),
    'rolling\tA rollout of this workload is in progress\n:4\n',
  ));
