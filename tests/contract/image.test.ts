import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, matchesGlob, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Copy, DockerfileParser, type From, type JSONInstruction, type Label } from 'dockerfile-ast';
import { HOME_PAGE, PRODUCT } from '../../src/names.ts';
import { Built } from './built.ts';

/** There is no container engine here, so the Dockerfile is read, and what its last stage would run is run in its place. */
const dockerfile = DockerfileParser.parse(readFileSync('Dockerfile', 'utf8'));
const instructions = dockerfile.getInstructions();
const begins = instructions.flatMap((one, index) => (one.getKeyword() === 'FROM' ? [index] : []));
const stages = begins.map((begin, index) => instructions.slice(begin, begins[index + 1]));
const froms = stages.map(([from]) => from as From);
const [build = [], final = []] = stages;
const of = (stage: typeof instructions, keyword: string) => stage.filter((one) => one.getKeyword() === keyword);
const last = (stage: typeof instructions, keyword: string): string =>
  of(stage, keyword).at(-1)?.getArgumentsContent() ?? '';
/** As a Dockerfile writes the value of an argument. */
const argument = (name: string): string => `\${${name}}`;
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { license: string; author: string };

test('one stage builds, one runs', () =>
  assert.deepEqual(
    froms.map((from) => from.getBuildStage()),
    ['build', null],
  ));

test('the bundle is built on the builder’s own architecture, the image is of the target’s', () => {
  assert.deepEqual(
    froms.map((from) => from.getPlatformFlag()?.getValue()),
    ['$BUILDPLATFORM', undefined],
  );
});

test('nothing is run for the target’s architecture, so nothing is emulated', () =>
  assert.deepEqual(of(final, 'RUN'), []));

test('the base images are arguments, and their defaults claim no digest', () => {
  assert.deepEqual(
    froms.map((from) => from.getImage()),
    [argument('BUILD_IMAGE'), argument('RUNTIME_IMAGE')],
  );
  const defaults = dockerfile.getInitialARGs().map((arg) => arg.getArgumentsContent());
  assert.deepEqual(defaults, [
    'BUILD_IMAGE=docker.io/library/node:24-bookworm-slim',
    'RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot',
  ]);
});

test('both stages have the major version of Node that the tests run on', () => {
  const major = process.versions.node.split('.')[0];
  for (const arg of dockerfile.getInitialARGs())
    assert.match(arg.getArgumentsContent() ?? '', new RegExp(`node(js|:)${major}-`));
});

test('dependencies are those of the lockfile, and none of their scripts runs', () => {
  const [install] = of(build, 'RUN').map((one) => one.getArgumentsContent() ?? '');
  assert.match(install ?? '', /npm ci --ignore-scripts/);
});

test('the user is a number that is not root’s', () => assert.match(last(final, 'USER'), /^[1-9]\d+:[1-9]\d+$/));

test('the command is a vector: the image has no shell', () => {
  const [cmd] = of(final, 'CMD') as JSONInstruction[];
  assert.deepEqual(
    cmd?.getJSONStrings().map((one) => one.getJSONValue()),
    ['/app/meltemi.js', 'run'],
  );
  assert.deepEqual(of(final, 'ENTRYPOINT'), [], 'the base’s entrypoint is node');
});

test('nothing but the built package is in the image', () => {
  const copies = of(final, 'COPY') as Copy[];
  assert.deepEqual(
    copies.map((copy) => [copy.getFromFlag()?.getValue(), ...copy.getArguments().map((one) => one.getValue())]),
    [['build', '/app/', '/app/']],
  );
  assert.deepEqual(of(final, 'ADD'), []);
});

const labels = new Map(
  (of(final, 'LABEL') as Label[])
    .flatMap((label) => label.getProperties())
    .map((property) => [property.getName().replace('org.opencontainers.image.', ''), property.getValue()]),
);
const wanted: [string, string][] = [
  ['title', PRODUCT],
  ['url', HOME_PAGE],
  ['source', HOME_PAGE],
  ['vendor', manifest.author],
  ['licenses', manifest.license],
  ['version', argument('VERSION')],
  ['revision', argument('REVISION')],
  ['created', argument('CREATED')],
];
for (const [name, value] of wanted) test(`label ${name} is ${value}`, () => assert.equal(labels.get(name), value));

test('the documentation that a label names exists', () =>
  assert.ok(existsSync(labels.get('documentation')?.replace(`${HOME_PAGE}/blob/main/`, '') ?? '-')));

test('arguments that a stage uses are declared in it', () => {
  for (const stage of stages) {
    const declared = of(stage, 'ARG').map((one) => one.getArgumentsContent()?.split('=')[0]);
    const text = stage
      .slice(1)
      .map((one) => one.getTextContent())
      .join('\n');
    const used = [...text.matchAll(/\$\{?([A-Z]+)/g)].map(([, name]) => name);
    assert.deepEqual(
      used.filter((name) => !declared.includes(name)),
      [],
    );
  }
});

/** Paths that the builder is sent: what `.dockerignore` lets through. */
const sent = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));
const sources = (of(build, 'COPY') as Copy[]).flatMap((copy) =>
  copy
    .getArguments()
    .slice(0, -1)
    .map((one) => one.getValue()),
);

test('the builder is sent what is copied, and nothing else', () => {
  assert.match(readFileSync('.dockerignore', 'utf8'), /^\*$/m);
  assert.deepEqual(sent.toSorted(), sources.map((source) => source.replace(/^\.\//, '')).toSorted());
  assert.ok(!['.git', 'node_modules', 'tests'].some((path) => sent.some((pattern) => matchesGlob(path, pattern))));
});

const built = new Built({ MELTEMI_COMMIT: 'abc1234', MELTEMI_DATE: '2026-11-21' });
afterAll(() => {
  for (const folder of globSync(`${built.root}/**/`)) chmodSync(folder, 0o755);
  built[Symbol.dispose]();
});

test('what the builder is sent is enough to build, without git', async () => {
  const context = join(built.root, 'context');
  mkdirSync(context);
  for (const path of sent) cpSync(path, join(context, path), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(context, 'node_modules'));
  const command = of(build, 'RUN').at(-1)?.getArgumentsContent() ?? '';
  const [, script = ''] = /node (build\.ts) \/app$/.exec(command) ?? [];
  const env = {
    PATH: process.env.PATH,
    MELTEMI_COMMIT: 'abc1234',
    MELTEMI_DATE: '2026-11-21',
    GIT_DIR: '/nonexistent',
  };
  await promisify(execFile)(process.execPath, [script, join(built.root, 'made')], { cwd: context, env });
  const { stdout } = await promisify(execFile)(process.execPath, [join(built.root, 'made', 'meltemi.js'), '--version']);
  assert.match(stdout, /\(abc1234, 2026-11-21\)/);
});

/** The files of a folder with their digests: what of a build ends up in the image. */
const digests = (folder: string): [name: string, digest: string][] =>
  globSync('**', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(relative(folder, entry.parentPath), entry.name))
    .sort()
    .map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]);

test('two builds, in two places, make the same files for the image', () => {
  const [one, other] = [digests(built.folder), digests(join(built.root, 'made'))];
  assert.ok(one.length > 3);
  assert.deepEqual(one, other);
});

/** The environment of the last stage. */
const environment = Object.fromEntries(
  of(final, 'ENV').map(
    (one) => (one.getArgumentsContent() ?? '').replaceAll('"', '').split(/=(.*)/s).slice(0, 2) as [string, string],
  ),
);

/** Runs the entry file as the image would: another user, nothing writable, nothing but the built folder. */
function start(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const node = join(built.root, 'node');
  // a copy, because the developer's own may lie where no other user may look
  if (!existsSync(node)) copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  chmodSync(built.folder, 0o555);
  const [uid, gid] = last(final, 'USER').split(':').map(Number);
  return spawn(node, [join(built.folder, 'meltemi.js'), ...args], {
    cwd: built.folder,
    env: { ...environment, HOME: built.folder, TMPDIR: built.folder, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(process.getuid?.() === 0 && uid !== undefined && gid !== undefined && { uid, gid }),
  });
}

test('the entry file runs as another user in a folder that cannot be written: --version', async () => {
  const child = start(['--version']);
  const [out, error] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  assert.equal(error, '');
  assert.match(out, /^\d+\.\d+\.\d+\S* \(abc1234, 2026-11-21\)\n$/);
});

test('the image’s command starts, serves secured metrics and health, writes no file and stops on SIGTERM', async () => {
  const before = readdirSync(built.folder);
  const child = start(['run'], {
    KUBECONFIG: kubeconfig(),
    MELTEMI_METRICS_BIND_ADDRESS: '127.0.0.1:0',
    MELTEMI_HEALTH_PROBE_BIND_ADDRESS: '127.0.0.1:0',
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const lines: Record<string, unknown>[] = [];
  let healthPort = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(JSON.parse(line) as Record<string, unknown>);
    const started = lines.find(({ msg }) => msg === 'Started');
    if (!started || healthPort) continue;
    healthPort = Number(started.healthPort);
    assert.equal((await fetch(`http://127.0.0.1:${healthPort}/livez`)).status, 200);
    assert.ok(Number(started.metricsPort) > 0);
    child.kill('SIGTERM');
  }
  assert.equal(await ended, 0);
  assert.equal(await textOf(child.stderr), '');
  assert.ok(lines.some(({ msg }) => msg === 'Stopped'));
  assert.deepEqual(readdirSync(built.folder), before);
});

/** Of an API server that nobody listens as: all that is wanted is that the process lives. */
function kubeconfig(): string {
  const file = join(built.root, 'kubeconfig');
  const content = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(content), { mode: 0o644 });
  return file;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const piece of stream) text += String(piece);
  return text;
}
