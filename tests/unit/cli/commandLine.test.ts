import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration } from '../../../src/cli/duration.ts';
import { OperatorProcess } from '../../live/operatorProcess.ts';
import { until } from '../../testbed/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function meltemi(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; out: string; error: string }> {
  const options = { timeout: 20_000, env: { PATH: process.env.PATH, HOME: folder, NO_COLOR: '1', ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts', ...args], options, (failure, out, error) =>
      resolve({ code: typeof failure?.code === 'number' ? failure.code : failure ? -1 : 0, out, error }),
    );
  });
}

const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const unreachable = file(
  'unreachable',
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }),
);

const rows: [string, string[], Record<string, string>, number, RegExp][] = [
  [
    'an unknown flag, with what was probably meant',
    ['plan', '--kubeconfg', 'x'],
    {},
    2,
    /unknown option '--kubeconfg'\s+\(Did you mean --kubeconfig\?\)/,
  ],
  ['… and the help of the command that was meant', ['plan', '--kubeconfg', 'x'], {}, 2, /\(meltemi plan --help shows/],
  ['… also of one below another', ['policy', 'check'], {}, 2, /\(meltemi policy check --help shows/],
  ['an unknown command', ['plam'], {}, 2, /unknown command 'plam'.*plan/s],
  [
    'a number that is none',
    ['run', '--max-in-flight', '0'],
    {},
    2,
    /--max-in-flight <number>' argument '0' is invalid\. It must be a whole number from 1/,
  ],
  [
    'a number in the environment that is none',
    ['run'],
    { MELTEMI_MAX_IN_FLIGHT: 'many' },
    2,
    /'many' from env 'MELTEMI_MAX_IN_FLIGHT' is invalid\. It must be a whole number/,
  ],
  [
    'a duration without unit',
    ['run', '--restart-delay', '10'],
    {},
    2,
    /It must be a duration such as 10s, 5m or 1h30m/,
  ],
  ['a duration of centuries', ['run', '--restart-delay', '9999999h'], {}, 2, /at most 8760h/],
  ['a switch with another value', ['run', '--dry-run=maybe'], {}, 2, /'maybe' is invalid\. It must be true or false/],
  ['a namespace that is none', ['plan', '--skip-namespaces', 'a,B_c'], {}, 2, /"B_c" is not a namespace name/],
  ['an output that is none', ['plan', '-o', 'xml'], {}, 2, /It must be table, json or yaml/],
  ['an address that is none', ['run', '--metrics-bind-address', 'here'], {}, 2, /It must be host:port, :port, or 0/],
  [
    'a collector with credentials in its address',
    ['run', '--tracing-endpoint', 'http://a:b@collector:4318'],
    {},
    2,
    /argument 'http:\/\/…@collector:4318' is invalid\. It must be an http or https URL without credentials/,
  ],
  [
    '… nor are they said again when the environment has them',
    ['run', '--kubeconfig', '/no/such/file'],
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://a:b@collector:4318' },
    1,
    /variable OTEL_EXPORTER_OTLP_ENDPOINT is "https:\/\/…@collector:4318"\. It must be/,
  ],
  [
    'a collector in the environment that is none, before anything is touched',
    ['run', '--kubeconfig', '/no/such/file'],
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    1,
    /variable OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4318"\. It must be an http or https URL/,
  ],
  [
    'a folder without a certificate for metrics',
    ['run', '--kubeconfig', unreachable, '--metrics-bind-address', '127.0.0.1:0', '--metrics-cert-path', folder],
    {},
    1,
    /cannot read .*tls\.crt \(ENOENT\): is the Secret mounted there/,
  ],
  ['a kubeconfig that is not there', ['plan', '--kubeconfig', '/no/such/file'], {}, 1, /\/no\/such\/file/],
  ['a kubeconfig that is no YAML', ['plan', '--kubeconfig', file('broken', '{{{')], {}, 1, /broken/],
  [
    'a context that is not there, with those that are',
    ['plan', '--kubeconfig', unreachable, '--context', 'y'],
    {},
    1,
    /"?y"?.*x/s,
  ],
  [
    'a selector that is none',
    ['plan', '--exclude-labels', 'tier in db'],
    {},
    2,
    /'tier in db' is invalid\. It must be a label selector such as/,
  ],
  [
    'assumptions that are none',
    ['plan', '--if', ' ; '],
    {},
    2,
    /' ; ' is invalid\. It must be an assumption such as "tag prod=canary"; leave it out to assume nothing\./,
  ],
  [
    'an address to dial that is none: one to listen on is no help',
    ['plan', '--injector-address', 'istiod'],
    {},
    2,
    /'istiod' is invalid\. It must be host:port, for example localhost:15017\./,
  ],
  [
    'a namespace pattern that is none',
    ['run', '--include-namespaces', 'shop,Bank*'],
    {},
    2,
    /"Bank\*" is not a namespace name or pattern/,
  ],
  [
    'a policy file with mistakes, all of them, before anything is touched',
    ['run', '--policy', file('policy.yaml', 'maxInFlight: 0\n\nexclud: []\n'), '--kubeconfig', '/no/such/file'],
    {},
    1,
    /policy file cannot be used\n.*policy\.yaml:1:14: maxInFlight: '0'.*\n.*policy\.yaml:3:1: exclud: .* mean exclude\?\n$/,
  ],
  [
    'a policy file that is not there',
    ['plan', '--policy', '/no/policy.yaml'],
    {},
    1,
    /\/no\/policy\.yaml: does not exist/,
  ],
  [
    'policy check: all mistakes, each on its line',
    ['policy', 'check', join(folder, 'policy.yaml')],
    {},
    1,
    /^.*policy\.yaml:1:14: maxInFlight: .*\n.*policy\.yaml:3:1: exclud: .*\n$/,
  ],
  ['policy check without a file', ['policy', 'check'], {}, 2, /missing required argument 'file'/],
  ['policy check of two files', ['policy', 'check', 'a', 'b'], {}, 2, /too many arguments/],
  ['an unknown command of policy', ['policy', 'chek', 'a'], {}, 2, /unknown command 'chek'\s+\(Did you mean check\?\)/],
  [
    'namespaces that are none',
    ['run', '--namespaces', ','],
    {},
    2,
    /'--namespaces <names>' argument ',' is invalid\. It must name at least one namespace, such as shop,bank; leave it out for all\./,
  ],
  [
    'an empty selector',
    ['plan', '--include-labels', ''],
    {},
    2,
    /argument '' is invalid\. It must be a label selector/,
  ],
  ['an empty policy file name', ['plan', '--policy='], {}, 2, /argument '' is invalid\. It must be the path of a file/],
  [
    'commas in the environment',
    ['run'],
    { MELTEMI_INCLUDE_NAMESPACES: ' , ' },
    2,
    /value ' , ' from env 'MELTEMI_INCLUDE_NAMESPACES' is invalid\. It must name at least one namespace/,
  ],
  [
    'a timeout that no rollout can keep',
    ['run', '--restart-timeout=0s'],
    {},
    2,
    /argument '0s' is invalid\. It must be a duration such as 10s, 5m or 1h30m, from 1s to 8760h\./,
  ],
  [
    'an empty variable of a path is not set: the next mistake is told',
    ['plan', '--kubeconfig', '/no/such/file'],
    { MELTEMI_POLICY: '', MELTEMI_INCLUDE_LABELS: '', MELTEMI_ISTIO_NAMESPACES: '' },
    1,
    /\/no\/such\/file/,
  ],
  [
    'what is typed does not act on the terminal',
    ['plan', '--context', '\u001b[2J\u202e', '--kubeconfig', unreachable],
    {},
    1,
    /^error: [^\p{Cc}\p{Cf}]*\\u001b\[2J\\u202e[^\p{Cc}\p{Cf}]*\n$/u,
  ],
  [
    'nor what is in the environment',
    ['plan'],
    { MELTEMI_OUTPUT: '\u009b2J' },
    2,
    /'\\u009b2J' from env 'MELTEMI_OUTPUT' is invalid/,
  ],
  ['an election that is neither on nor off', ['run', '--leader-elect=maybe'], {}, 2, /It must be true or false/],
  ['a reason for what needs none', ['resume', '--reason', 'x'], {}, 2, /unknown option '--reason'/],
  ['a pause that reaches nobody', ['pause', '--kubeconfig', unreachable], {}, 1, /127\.0\.0\.1:1: connection refused/],
  ['an API server that does not answer', ['plan', '--kubeconfig', unreachable], {}, 1, /127\.0\.0\.1:1/],
];

for (const [name, args, env, code, message] of rows) {
  test(`${name}: exit ${code}`, async () => {
    const ran = await meltemi(args, env);
    assert.match(ran.error, message);
    assert.equal(ran.code, code);
    assert.equal(ran.out, '');
  });
}

test('run with an API server that does not answer keeps trying, says so, and stops tidily', async () => {
  const operator = new OperatorProcess(unreachable);
  const rejection = await until('a rejection', 20_000, () => operator.said('Watch failed, retrying')[0]);
  assert.match(String(rejection.err), /127\.0\.0\.1:1: connection refused/);
  assert.equal(await operator.stop(), 0);
});

test('run answers health probes under the paths of Kubernetes, and under those that other operators have', async () => {
  const operator = new OperatorProcess(unreachable);
  const { healthPort } = await until('the start', 20_000, () => operator.said('Started')[0]);
  const answers = ['/livez', '/healthz', '/readyz', '/ready'].map(async (path) => {
    const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`);
    return [path, answer.status, await answer.text()];
  });
  assert.deepEqual(await Promise.all(answers), [
    ['/livez', 200, 'ok\n'],
    ['/healthz', 200, 'ok\n'],
    ['/readyz', 503, 'watches failed; see the log\n'],
    ['/ready', 503, 'watches failed; see the log\n'],
  ]);
  assert.equal(await operator.stop(), 0);
});

test('a health address that is taken ends the process, though its metrics listen already', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = `127.0.0.1:${(taken.address() as AddressInfo).port}`;
  const listeners = ['--metrics-bind-address', '127.0.0.1:0', '--health-probe-bind-address', address];
  const { code, error } = await meltemi(['run', '--kubeconfig', unreachable, ...listeners]);
  taken.close();
  assert.match(error, /cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)/);
  assert.equal(code, 1);
});

test('help has examples and is no error', async () => {
  for (const command of [['run'], ['plan'], ['pause'], ['resume'], ['policy', 'check']]) {
    const { code, out } = await meltemi([...command, '--help']);
    assert.equal(code, 0);
    assert.match(out, /Examples:/);
  }
});

test('policy check prints the whole policy, which is a policy file again', async () => {
  const checked = await meltemi(['policy', 'check', file('good.yaml', 'maxInFlight: 7\nexclude: [{names: [web]}]\n')]);
  assert.equal(checked.code, 0, checked.error);
  assert.match(checked.out, /^maxInFlight: 7$/m);
  assert.match(checked.out, /^restartTimeout: 10m$/m);
  assert.match(checked.out, /^exclude:\n {2}- names:\n {6}- web$/m);
  const again = await meltemi(['policy', 'check', file('again.yaml', checked.out)]);
  assert.equal(again.out, checked.out);
});

test('policy check -o json: numbers in waves and metric gates are numbers, and names are not', async () => {
  const wave = "{ name: '1', match: [{ names: ['2'] }], percent: 10, maxInFlight: 2, maxFailures: 0 }";
  const gate = "{ name: '3', prometheus: 'http://p:9090', query: '4', min: -1e-3, max: .5 }";
  const { out, error } = await meltemi([
    'policy',
    'check',
    '-o',
    'json',
    file('numbers.yaml', `waves: [${wave}]\nmetricGates: [${gate}]\n`),
  ]);
  assert.equal(error, '');
  const { waves, metricGates } = JSON.parse(out);
  assert.deepEqual(waves, [{ name: '1', match: [{ names: ['2'] }], percent: 10, maxInFlight: 2, maxFailures: 0 }]);
  assert.deepEqual(metricGates, [{ name: '3', prometheus: 'http://p:9090', query: '4', min: -0.001, max: 0.5 }]);
});

test('policy check -o json: the policy, or the mistakes with their places', async () => {
  const good = await meltemi(['policy', 'check', '-o', 'json', file('good.yaml', 'maxInFlight: 7')]);
  assert.equal(JSON.parse(good.out).maxInFlight, 7);
  const bad = await meltemi(['policy', 'check', '-o', 'json', file('bad.yaml', 'optIn: 1')]);
  assert.deepEqual(JSON.parse(bad.out), {
    errors: [{ line: 1, column: 8, path: 'optIn', message: "'1' is invalid. It must be true or false." }],
  });
  assert.equal(bad.code, 1);
});

test('policy check reads standard input', async () => {
  const child = spawn(process.execPath, ['src/main.ts', 'policy', 'check', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.end('optIn: maybe');
  const [said, [code]] = await Promise.all([child.stderr.setEncoding('utf8').toArray(), once(child, 'exit')]);
  assert.match(said.join(''), /^\(standard input\):1:8: optIn: 'maybe' is invalid/);
  assert.equal(code, 1);
});

test('the version names the commit', async () =>
  assert.match((await meltemi(['--version'])).out, /^\d+\.\d+\.\d+ \(\w+\)\n$/));

const durations: [string, number | undefined][] = [
  ['0', 0],
  ['0s', 0],
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['1.5s', undefined],
  ['250ms', undefined],
  ['10', undefined],
  ['-1s', undefined],
  ['', undefined],
  ['5 m', undefined],
];
for (const [text, expected] of durations)
  test(`"${text}" is ${expected ?? 'no duration'}`, () => assert.equal(parseDuration(text), expected));
