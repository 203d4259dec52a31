import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';
import { BANNER, ownFiles, parts, program } from '../../build.ts';
import { AT_FIRST_USE, bundlePlugins, OF_UNDICI, OWN_FILES } from '../../bundlePlugins.ts';
import { Built } from './built.ts';

/** What Apache-2.0 software may carry along without taking on other terms. */
const PERMISSIVE = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0', 'Unlicense'];
const FILES = ['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.txt', 'chunks', 'meltemi.js', 'package.json'];

const built = new Built({ MELTEMI_COMMIT: 'abc1234', MELTEMI_DATE: '2026-11-21T10:00:00Z' });
afterAll(() => built[Symbol.dispose]());

const manifest = JSON.parse(readFileSync(join(built.folder, 'package.json'), 'utf8')) as Record<string, unknown>;
const repository = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, unknown>;
/** npm without a network, a cache of ours or a user's settings. */
const npm = (folder: string, ...args: string[]): string =>
  execFileSync('npm', [...args, '--offline', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: path(),
      HOME: built.root,
      npm_config_cache: join(built.root, 'cache'),
      npm_config_update_notifier: 'false',
    },
  });

/** This Node first, as `env node` would find it. */
function path(): string {
  return `${dirname(process.execPath)}:${process.env.PATH}`;
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}
const packed = (JSON.parse(npm(built.folder, 'pack', '--json', '--pack-destination', built.root)) as Packed[])[0];

test('the package has these files and folders and no others', () =>
  assert.deepEqual([...new Set(packed?.files.map((file) => file.path.replace(/\/.*/, '')))].sort(), FILES));

test('every file of the program is in the package', () =>
  assert.deepEqual(
    packed?.files
      .flatMap((file) => (file.path.startsWith('chunks/') ? [file.path.slice('chunks/'.length)] : []))
      .sort(),
    readdirSync(join(built.folder, 'chunks')).sort(),
  ));

test('nothing lies in the built folder that is not published', () =>
  assert.deepEqual(readdirSync(built.folder).sort(), FILES));

test('the program can be run as it is', () => {
  const program = packed?.files.find((file) => file.path === 'meltemi.js');
  assert.equal((program?.mode ?? 0) & 0o111, 0o111);
  assert.match(readFileSync(join(built.folder, 'meltemi.js'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
});

test('one file is the program, the kubectl plugin and its completion', () =>
  assert.deepEqual(manifest.bin, {
    meltemi: 'meltemi.js',
    'kubectl-meltemi': 'meltemi.js',
    'kubectl_complete-meltemi': 'meltemi.js',
  }));

for (const key of ['name', 'version', 'license', 'repository', 'homepage', 'engines', 'type'])
  test(`${key} is the repository’s`, () => {
    assert.ok(manifest[key]);
    assert.deepEqual(manifest[key], repository[key]);
  });

for (const key of ['dependencies', 'devDependencies', 'scripts', 'private'])
  test(`an installation gets no ${key}`, () => assert.equal(manifest[key], undefined));

test('only the built folder can be published', () => assert.equal(repository.private, true));

test('every bundled package hands on its licence, and may', async () => {
  const made = [await program(built.root, {}), ...(await ownFiles(built.root))];
  const bundled = parts(made.flatMap(({ metafile }) => Object.keys(metafile.inputs)));
  assert.ok(bundled.length > 30);
  const notices = readFileSync(join(built.folder, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const { name, version, license, texts } of bundled) {
    const all = license.replace(/[()]/g, '').split(' AND ');
    assert.ok(
      all.every((one) => PERMISSIVE.includes(one)),
      `${name} ${version} is under ${license}`,
    );
    assert.ok(notices.includes(`${name} ${version} (${license})`), name);
    for (const text of texts) assert.ok(notices.includes(text), `the text of ${name}`);
  }
});

const chunks = built.files();
const bundle = built.program();

test('the bundle is ASCII, so that Node keeps it in one byte for each character', () => {
  for (const [name, bytes] of chunks)
    assert.ok(
      bytes.every((byte) => byte < 128),
      name,
    );
});

test('the bundle has no code for objects of the API from the client library', () =>
  assert.doesNotMatch(bundle, /client-node\/dist\/gen\/models/));

for (const name of AT_FIRST_USE)
  test(`the code of ${name} waits for its first use`, () => {
    assert.ok(bundle.includes(`"at-first-use:${name}"(exports`));
    assert.doesNotMatch(bundle, new RegExp(`^import [^\\n]* from "${name}";$`, 'm'));
  });

for (const [file, packages] of Object.entries(OWN_FILES))
  test(`what ${file} has is in no other file, and is found from where it is used`, () => {
    const using = [...chunks].filter(([, bytes]) => bytes.includes(`./${file}`)).map(([name]) => name);
    assert.deepEqual([...new Set(using.map(dirname))], ['chunks']);
    for (const name of packages) {
      const folder = new RegExp(`// node_modules/${name.replace(/\/ext$/, '')}/`);
      for (const [path, bytes] of chunks)
        assert.equal(folder.test(bytes.toString()), path === `chunks/${file}`, `${name} in ${path}`);
    }
  });

/** What Kubernetes' client and the sources use of those packages, and what kind of thing it is. */
const USED: readonly [file: string, name: string, used: string][] = [
  ['cel.cjs', '@bufbuild/cel', 'plan'],
  ['cel.cjs', '@bufbuild/cel/ext', 'strings'],
  ['logins.cjs', 'hpagent', 'HttpsProxyAgent'],
  ['logins.cjs', 'jsonpath-plus', 'JSONPath'],
  ['logins.cjs', 'openid-client', 'refreshTokenGrant'],
  ['logins.cjs', 'socks', 'SocksClient'],
  ['logins.cjs', 'socks-proxy-agent', 'SocksProxyAgent'],
  ['temporal.cjs', 'temporal-polyfill', 'Temporal'],
];

test('each package in a file of its own is tried below', () =>
  assert.deepEqual([...new Set(USED.map(([, name]) => name))].sort(), Object.values(OWN_FILES).flat().sort()));

for (const [file, name, used] of USED)
  test(`${file} has ${used} of ${name}`, () => {
    const all = createRequire(join(built.folder, 'meltemi.js'))(`./chunks/${file}`) as Record<
      string,
      Record<string, unknown>
    >;
    assert.ok(all[name]?.[used]);
  });

/** What a source file imports of undici. */
const ofUndici = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^import \{([^}]+)\} from 'undici';$/gm)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => !name.startsWith('type '));

test('the bundle has all that is imported of undici', () => {
  const files = Object.groupBy(globSync('src/**/*.ts'), (file) =>
    basename(file) in OF_UNDICI ? basename(file) : 'dispatchers',
  );
  for (const [by, names] of Object.entries(OF_UNDICI))
    assert.deepEqual([...new Set(files[by]?.flatMap(ofUndici))].sort(), names);
});

test('the operator does not read the code for WebSockets', () => {
  const withCode = [...chunks].filter(([, bytes]) => bytes.includes('// node_modules/undici/lib/web/websocket/'));
  const [operator = ''] = [...chunks.keys()].filter((name) => /runCommand/.test(name));
  assert.equal(withCode.length, 1);
  const read = filesReadFor(operator);
  assert.ok(read.size > 5);
  assert.ok(!read.has(withCode[0]?.[0] ?? ''));
});

/** The files that Node reads to import a file. */
function filesReadFor(name: string, read = new Set<string>()): Set<string> {
  if (read.has(name)) return read;
  read.add(name);
  const text = String(chunks.get(name));
  for (const [, other = ''] of text.matchAll(/^(?:\} from|import) "\.\/([^"]+)";$/gm))
    filesReadFor(`chunks/${other}`, read);
  return read;
}

test('the bundle has zod’s messages in English and in no other language', () => {
  const texts = [...chunks.values()].map((bytes) => bytes.toString());
  const found = texts.flatMap((text) => [...text.matchAll(/node_modules\/zod\/\S+\/locales\/([\w-]+)\.cjs/g)]);
  assert.deepEqual([...new Set(found.map(([, language]) => language))], ['en']);
});

const PORT_FORWARD = `
import { ProxyAgent, buildConnector } from 'undici';
import { KubeClient } from './src/cluster/client.ts';
import { portForward } from './src/cluster/portForward.ts';
import { ApiServer, configFor } from './tests/unit/cluster/apiServer.ts';
import { KubeletStandIn } from './tests/unit/cluster/kubeletStandIn.ts';
const upgrade = (request, socket) => new KubeletStandIn(request, socket).say(0, Buffer.of(0x99, 0x3a, ...Buffer.from('hello')));
const server = await new ApiServer(() => undefined, { upgrade }).listen();
const client = new KubeClient({ config: configFor(server.url), userAgent: 'test' });
const stream = await portForward(client, { namespace: 'istio-system', pod: 'istiod-1', port: 15001 });
for await (const bytes of stream) {
  console.log(String(bytes), typeof ProxyAgent, typeof buildConnector);
  process.exit();
}
`;

test('what is bundled of undici works there as it does in the sources', async () => {
  const outfile = join(built.root, 'undici.mjs');
  await build({
    stdin: { contents: PORT_FORWARD, resolveDir: process.cwd() },
    outfile,
    banner: BANNER,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: bundlePlugins,
  });
  const printed = execFileSync(process.execPath, [outfile], { encoding: 'utf8', timeout: 20_000 });
  assert.equal(printed, 'hello function function\n');
});

test('the start of what speaks to a cluster does not load Node’s own undici', () => {
  const told = "process.on('exit', () => console.error(process.moduleLoadList.join()))";
  const args = ['--import', `data:text/javascript,${encodeURIComponent(told)}`];
  const { stderr } = spawnSync(
    process.execPath,
    [...args, join(built.folder, 'meltemi.js'), 'plan', '--kubeconfig', '/nonexistent'],
    {
      encoding: 'utf8',
    },
  );
  assert.match(stderr, /NativeModule https,/);
  assert.doesNotMatch(stderr, /internal\/deps\/undici/);
});

/** The tarball, installed as its users do, and run from where npm put it. */
function installed(...command: readonly [string, ...string[]]): string {
  const home = join(built.root, 'installed');
  if (!existsSync(home)) {
    mkdirSync(home);
    npm(home, 'install', '--no-audit', '--no-fund', join(built.root, packed?.filename ?? ''));
  }
  const [program, ...args] = command;
  const bin = join(home, 'node_modules', '.bin', program);
  return execFileSync(bin, args, { cwd: home, encoding: 'utf8', env: { PATH: path(), HOME: home, NO_COLOR: '1' } });
}

const commands: [string, [string, ...string[]], RegExp][] = [
  [
    'the version is that of package.json, with commit and day',
    ['meltemi', '--version'],
    /^\d+\.\d+\.\d+\S* \(abc1234, 2026-11-21\)\n$/,
  ],
  ['the plugin is the same program', ['kubectl-meltemi', '--version'], /^\d+\.\d+\.\d+\S* \(abc1234, 2026-11-21\)\n$/],
  [
    'the plugin’s help shows what is typed',
    ['kubectl-meltemi', 'plan', '--help'],
    /^Usage: kubectl meltemi plan \[options\]/,
  ],
  ['the program’s help shows what is typed', ['meltemi', 'plan', '--help'], /^Usage: meltemi plan \[options\]/],
  ['kubectl completes what is typed', ['kubectl_complete-meltemi', 'pla'], /^plan\t.*\n:4\n$/],
  ['help has examples', ['meltemi', 'run', '--help'], /\nExamples:\n/],
];
for (const [name, command, output] of commands)
  test(`installed: ${name}`, () => assert.match(installed(...command), output));

test('it is installed alone: everything is in the bundle', () => {
  installed('meltemi', '--version');
  const modules = readdirSync(join(built.root, 'installed', 'node_modules')).filter((name) => !name.startsWith('.'));
  assert.deepEqual(modules, ['meltemi']);
});

test('the same sources make the same files', () => {
  using again = new Built({ MELTEMI_COMMIT: 'abc1234', MELTEMI_DATE: '2026-11-21' });
  for (const [name, bytes] of chunks) assert.ok(readFileSync(join(again.folder, name)).equals(bytes), name);
});
