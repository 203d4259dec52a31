import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { afterTest } from '../../../jest/afterTest.ts';
import { MeshServer } from '../meshServer.ts';
import { meltemi, type Ran } from '../ran.ts';

async function mesh(): Promise<MeshServer> {
  const server = await new MeshServer().listen();
  afterTest(() => server[Symbol.asyncDispose]());
  server.add('web');
  return server;
}

const plan = (server: MeshServer, ...flags: string[]): Promise<Ran> =>
  meltemi(['plan', '--kubeconfig', server.kubeconfig(), ...flags]);

const UNLABELLED = ['--if', 'label namespace/shop istio-injection-'];

test('the plan begins with what was assumed, and is the plan of that', async () => {
  const server = await mesh();
  const { out, error, code } = await plan(server, ...UNLABELLED);
  assert.match(
    out,
    /^What would happen if:\n {2}label namespace\/shop istio-injection- \(now istio-injection=enabled\)\n\n# /,
  );
  assert.match(out, /Deployment\/web +skipped +.*orphaned/);
  assert.equal(error, '');
  assert.equal(code, 0);
  assert.ok(!server.calls.some((call) => call === 'POST /inject'), 'nobody is asked who would not be asked then');
  assert.ok(
    server.calls.every((call) => call.startsWith('GET ')),
    server.calls.join('\n'),
  );
});

test('without assumptions nothing is said about any', async () => {
  const { out, code } = await plan(await mesh());
  assert.match(out, /^# /);
  assert.equal(code, 3);
});

for (const [format, read] of [
  ['json', (text: string) => JSON.parse(text)],
  ['yaml', (text: string) => parse(text)],
] as const)
  test(`${format} carries the assumptions beside the workloads`, async () => {
    const { out, code } = await plan(await mesh(), ...UNLABELLED, '--if', 'label ns/shop stage=dev', '-o', format);
    const { assumptions, workloads } = read(out);
    assert.deepEqual(assumptions, [
      { assumption: 'label namespace/shop istio-injection-', now: 'istio-injection=enabled' },
      { assumption: 'label namespace/shop stage=dev' },
    ]);
    assert.deepEqual(
      workloads.map(({ name, verdict, reason }: Record<string, string>) => [name, verdict, reason]),
      [['web', 'skipped', 'orphaned']],
    );
    assert.equal(code, 0);
  });

test('json without assumptions has no such field', async () =>
  assert.ok(!('assumptions' in JSON.parse((await plan(await mesh(), '-o', 'json')).out))));

test('an explanation begins with them too', async () => {
  const { out } = await plan(await mesh(), ...UNLABELLED, '-n', 'shop', '--explain', 'Deployment/web');
  assert.match(out, /^What would happen if:\n.*\n\nDeployment shop\/web\n\nNamespace labels\n {2}none\n/);
});

test('the variable takes several, separated by semicolons', async () => {
  const server = await mesh();
  const { out } = await meltemi(['plan', '--kubeconfig', server.kubeconfig()], {
    MELTEMI_IF: 'label ns/shop istio-injection-; label ns/shop a=b',
  });
  assert.match(out, /^What would happen if:\n.*istio-injection- .*\n.* a=b \(now not set\)\n\n/);
});

const refused: [name: string, flags: string[], code: number, error: RegExp][] = [
  [
    'a mistake in it',
    ['--if', 'tag prod'],
    2,
    /^error: option '--if <assumption>' argument 'tag prod' is invalid\. It must/,
  ],
  ['a contradiction', ['--if', 'tag a=b', '--if', 'tag a=c'], 2, /"tag a=b" and "tag a=c" are about the same thing/],
  ['an empty one', ['--if', ''], 2, /It must be an assumption such as "tag prod=canary"; leave it out/],
  [
    'what the cluster does not have',
    ['--if', 'label ns/shp a=b'],
    1,
    /^error: --if: there is no namespace shp\. Did you mean shop\?/,
  ],
];
for (const [name, flags, code, error] of refused)
  test(`${name} is refused before anything is asked`, async () => {
    const server = await mesh();
    const ran = await plan(server, ...flags);
    assert.match(ran.error, error);
    assert.equal(ran.code, code);
    assert.equal(ran.out, '');
    assert.ok(!server.calls.some((call) => call.includes('/inject') || call.includes('/pods')));
  });
