import assert from 'node:assert/strict';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { program } from '../../../src/cli/program.ts';
import type { Policy } from '../../../src/plan/policy.ts';

/** The policy of `run` with these flags and variables, and a file that says 3. */
async function policyWith(flags: string[], environment: Record<string, string> = {}): Promise<Policy> {
  const found = Promise.withResolvers<Policy>();
  const run = async (...[settings, given]: Parameters<typeof policyOf>): Promise<number> => {
    found.resolve(policyOf(settings, given, { maxInFlight: 3, optIn: true, exclude: [{ names: ['web'] }] }));
    return 0;
  };
  Object.assign(process.env, environment);
  try {
    const unused = async (): Promise<number> => assert.fail('another command ran');
    const command = program(
      '0',
      { run, plan: unused, status: unused, pause: unused, resume: unused, policyCheck: unused, explain: unused },
      () => undefined,
    );
    await command.parseAsync(['node', 'meltemi', 'run', ...flags]);
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
  }
  return found.promise;
}

const FROM_ENVIRONMENT = { MELTEMI_MAX_IN_FLIGHT: '4' };
const rows: [string, string[], Record<string, string>, number][] = [
  ['the file wins over the default', [], {}, 3],
  ['the environment wins over the file', [], FROM_ENVIRONMENT, 4],
  ['the flag wins over the file', ['--max-in-flight', '6'], {}, 6],
  ['the flag wins over both', ['--max-in-flight', '6'], FROM_ENVIRONMENT, 6],
  ['a flag that says the default wins, too', ['--max-in-flight', '5'], {}, 5],
];
for (const [name, flags, environment, expected] of rows)
  test(name, async () => assert.equal((await policyWith(flags, environment)).maxInFlight, expected));

test('what the file does not say is at its default, and filters come from nowhere else', async () => {
  const { maxInFlightPerNamespace, optIn, include, exclude } = await policyWith(['--opt-in=false']);
  assert.deepEqual(
    { maxInFlightPerNamespace, optIn, include, exclude },
    {
      maxInFlightPerNamespace: 1,
      optIn: false,
      include: [],
      exclude: [{ names: ['web'] }],
    },
  );
});
