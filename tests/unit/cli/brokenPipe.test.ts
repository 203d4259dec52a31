import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterTest } from '../../jest/afterTest.ts';
import { MeshServer } from './meshServer.ts';
import { bash } from './ran.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-pipe-'));
afterAll(() => rmSync(folder, { recursive: true }));
const good = join(folder, 'good.yaml');
writeFileSync(good, 'maxInFlight: 7');
const bad = join(folder, 'bad.yaml');
writeFileSync(bad, Array.from({ length: 2000 }, (_, index) => `k${index}: 1`).join('\n'));

const server = await new MeshServer().listen();
afterAll(() => server[Symbol.asyncDispose]());
for (let index = 0; index < 1500; index += 1) server.add(`web-${index}`);

/** The reader is gone before anything is written: no race, and no full buffer is needed. */
const closed: [string, string, number][] = [
  ['help', 'meltemi --help', 0],
  ['the help of a command', 'meltemi help run', 0],
  ['the version', 'meltemi --version', 0],
  ['a policy', `meltemi policy check ${good}`, 0],
  ['a policy as JSON', `meltemi policy check -o json ${good}`, 0],
  ['completion', `"${process.execPath}" "$LINK" plan -`, 0],
  ['a plan', 'meltemi plan --kubeconfig "$CONFIG"', 0],
  ['a plan as JSON', 'meltemi plan --kubeconfig "$CONFIG" -o json', 0],
];
const environment = { CONFIG: server.kubeconfig(), LINK: join(folder, 'kubectl_complete-meltemi') };
symlinkSync(resolve('src/main.ts'), environment.LINK);

for (const [name, command, code] of closed) {
  test(`${name} into a closed pipe ends quietly with ${code}`, async () => {
    const { out, error } = await bash(`${command} | true; echo "\${PIPESTATUS[0]}"`, environment);
    assert.equal(error, '');
    assert.equal(out, `${code}\n`);
  });
}

test('a long plan of which only the first line is read ends quietly', async () => {
  const { out, error } = await bash('meltemi plan --kubeconfig "$CONFIG" | head -1; echo $PIPESTATUS', environment);
  assert.match(out, /^# +NAMESPACE .*\n0\n$/);
  assert.equal(error, '');
});

test('mistakes written into a closed pipe keep their exit code', async () => {
  const { out } = await bash(`meltemi policy check ${bad} 2>&1 >/dev/null | true; echo "\${PIPESTATUS[0]}"`);
  assert.equal(out, '1\n');
});

test('warnings written into a closed pipe do not stop the plan from being printed', async () => {
  const { out } = await bash(
    '{ meltemi plan --kubeconfig "$CONFIG" --explain Deployment/web-1 -n shop; } 2> >(true)',
    environment,
  );
  assert.match(out, /^Deployment shop\/web-1\n/);
});

test('a full disk is no reader that has had enough', async () => {
  const { out, error } = await bash('meltemi --help > /dev/full; echo $?');
  assert.match(error, /^error: cannot write to standard output: ENOSPC/);
  assert.equal(out, '1\n');
});

test('run whose log cannot be written ends tidily with code 1 and says why', async () => {
  const args = ['src/main.ts', 'run', '--kubeconfig', server.kubeconfig(), '--dry-run', '--log-level', 'debug'];
  const ports = ['--metrics-bind-address', '0', '--health-probe-bind-address', '0'];
  const child = spawn(process.execPath, [...args, ...ports], { stdio: ['ignore', 'pipe', 'pipe'] });
  afterTest(() => child.kill('SIGKILL'));
  const said = child.stderr.setEncoding('utf8').toArray();
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = await once(child, 'exit');
  assert.equal(code, 1);
  assert.equal(
    (await said).join(''),
    'error: the log cannot be written to standard output: its reader has closed it\n',
  );
});
