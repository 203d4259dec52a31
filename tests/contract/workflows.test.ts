import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PRODUCT } from '../../src/names.ts';

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly uses?: string;
  readonly needs?: readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly defaults?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (name: string): string => readFileSync(`.github/workflows/${name}.yaml`, 'utf8');
const release = parse(read('release')) as Workflow;
const ci = parse(read('ci')) as Workflow;
const kind = parse(read('kind')) as Workflow;
const all = [release, ci, kind];
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const temporary = mkdtempSync(join(tmpdir(), 'meltemi-workflows-'));
afterAll(() => rmSync(temporary, { recursive: true }));

const steps = (workflow: Workflow): Step[] => Object.values(workflow.jobs).flatMap(({ steps: all = [] }) => all);
const scripts = (job: Job | undefined): string => (job?.steps ?? []).map(({ run = '' }) => run).join('\n');
const builds = (job: string): Step['with'] =>
  release.jobs[job]?.steps?.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))?.with;
const expression = (text: string): string => `\${{ ${text} }}`;
const VERSION = expression('needs.version.outputs.version');

test('CI runs make test and nothing else', () =>
  assert.deepEqual(
    steps(ci).flatMap(({ run = [] }) => run),
    ['make test'],
  ));

test('a release is made by a tag v… and by nothing else', () =>
  assert.deepEqual(release.on, { push: { tags: ['v*'] } }));

const images: [string, string, string | undefined][] = [
  ['image', '.', undefined],
  ['bundle', 'olm-bundle', 'olm-bundle/bundle.Dockerfile'],
  ['catalog', 'olm-bundle', 'olm-bundle/catalog.Dockerfile'],
];
for (const [job, context, file] of images) {
  test(`${job}: built for both architectures from ${context}, pushed with provenance`, () => {
    const inputs = builds(job);
    assert.equal(inputs?.context, context);
    assert.equal(inputs?.file, file);
    assert.equal(inputs?.platforms, 'linux/amd64,linux/arm64');
    assert.equal(inputs?.push, true);
    assert.equal(inputs?.provenance, 'mode=max');
  });

  test(`${job}: every tag ends in the version that was checked, and none moves`, () => {
    const tags = String(builds(job)?.tags).trim().split('\n');
    for (const tag of tags) assert.match(tag, /:v?\$\{\{ needs\.version\.outputs\.version \}\}$/);
  });
}

test('chart: packaged with that version, pushed to an OCI registry', () => {
  const job = release.jobs.chart;
  assert.ok(job?.steps?.some(({ env }) => env?.VERSION === VERSION));
  assert.match(scripts(job), /helm package helm --version "\$VERSION" --app-version "\$VERSION"/);
  assert.match(scripts(job), /helm push "meltemi-\$VERSION\.tgz" "oci:\/\/\$CHARTS"/);
});

test('npm: the built folder is published with provenance, if the bundle says that version', () => {
  const job = release.jobs.npm;
  assert.ok(job?.steps?.some(({ env }) => env?.VERSION === VERSION));
  assert.match(scripts(job), /--version.*= "\$VERSION"\n/);
  assert.match(scripts(job), /npm publish \.\/dist --provenance/);
});

test('the image has an SBOM that is made from the lockfile', () =>
  assert.match(scripts(release.jobs.image), /npm sbom --package-lock-only.*\n(.*\n)*cosign attest .*--predicate sbom/));

for (const job of ['image', 'bundle', 'catalog', 'chart'])
  test(`${job}: signed by digest, never by tag`, () => {
    const signed = [...scripts(release.jobs[job]).matchAll(/cosign sign --yes "([^"]+)"/g)].map(
      ([, what]) => what ?? '',
    );
    assert.equal(signed.length, 1);
    assert.match(signed[0] ?? '', /@\$(DIGEST|digest)$/);
  });

/** What each job may do; a job that is not named here may not exist. */
const permissions: Readonly<Record<string, Job['permissions']>> = {
  test: { contents: 'read' },
  version: { contents: 'read' },
  image: { contents: 'read', packages: 'write', 'id-token': 'write' },
  bundle: { contents: 'read', packages: 'write', 'id-token': 'write' },
  catalog: { contents: 'read', packages: 'write', 'id-token': 'write' },
  chart: { contents: 'read', packages: 'write', 'id-token': 'write' },
  npm: { contents: 'read', 'id-token': 'write' },
  notes: { contents: 'write' },
};

test('nothing may be done but what a job needs', () => {
  assert.deepEqual(release.permissions, {});
  assert.deepEqual(ci.permissions, { contents: 'read' });
  assert.deepEqual(kind.permissions, { contents: 'read' });
  const given = Object.entries(release.jobs).map(([name, job]) => [name, job.permissions]);
  assert.deepEqual(Object.fromEntries(given), permissions);
});

test('no secret is used but the token of the run', () => {
  const used = [...`${read('release')}${read('ci')}${read('kind')}`.matchAll(/secrets\.(\w+)/g)].map(
    ([, name]) => name,
  );
  assert.deepEqual([...new Set(used)], ['GITHUB_TOKEN']);
});

function reaches(job: string): string[] {
  return [job, ...(release.jobs[job]?.needs ?? []).flatMap(reaches)];
}
for (const job of ['image', 'bundle', 'catalog', 'chart', 'npm', 'notes'])
  test(`${job}: made only when all tests passed and the version is right`, () => {
    assert.equal(release.jobs.test?.uses, './.github/workflows/ci.yaml');
    assert.ok(['test', 'version'].every((needed) => reaches(job).includes(needed)));
  });

test('no version of ours is written down in a workflow', () =>
  assert.doesNotMatch(read('release'), new RegExp(`\\b${manifest.version.replaceAll('.', '\\.')}\\b`)));

/** Whoever moves a tag of an action runs his code with the rights of a release; a commit does not move. */
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
const usedActions = (name: string): string[] =>
  [...read(name).matchAll(/^\s*(?:- )?uses: (.+)$/gm)]
    .map(([, used = '']) => used)
    .filter((used) => !used.startsWith('./'));

for (const name of globSync('*.yaml', { cwd: '.github/workflows' }).map((file) => file.replace('.yaml', '')))
  test(`${name}: every action is named by its full commit, with its version in a comment`, () => {
    assert.ok(usedActions(name).length > 0);
    assert.deepEqual(
      usedActions(name).filter((used) => !PINNED.test(used)),
      [],
    );
  });

test('one action is used in one version', () => {
  const used = new Set([...usedActions('release'), ...usedActions('ci'), ...usedActions('kind')]);
  assert.equal(new Set([...used].map((one) => one.split('@')[0])).size, used.size);
});

test('a checkout leaves no credentials behind', () => {
  const checkouts = all.flatMap(steps).filter(({ uses }) => uses?.startsWith('actions/checkout@'));
  assert.ok(checkouts.every(({ with: inputs }) => inputs?.['persist-credentials'] === false));
});

test('no script has anything put into its text: values come through the environment', () => {
  for (const { run = '' } of all.flatMap(steps)) assert.doesNotMatch(run, /\$\{\{/);
});

test('scripts stop at the first failure, also within a pipe', () => {
  for (const { defaults } of [release, kind]) assert.deepEqual(defaults, { run: { shell: 'bash' } });
});

/** As the runner runs what has `shell: bash`. */
const bash = (script: string, environment: Readonly<Record<string, string>>): string =>
  execFileSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    encoding: 'utf8',
    stdio: 'pipe',
    env: { ...process.env, ...environment },
  });

for (const [index, { run, name }] of steps(release).entries())
  if (run) test(`script ${index} is one: ${name ?? run}`, () => void bash('bash -n <<< "$SCRIPT"', { SCRIPT: run }));

/** The step that decides on the version, run as the runner runs it. */
const script = release.jobs.version?.steps?.find(({ id }) => id === 'version')?.run ?? '';
const hasJq = ((): boolean => {
  try {
    return bash('command -v jq', {}) !== '';
  } catch {
    return false;
  }
})();

/** jq is on the runner, and not on every developer's machine. */
const JQ = hasJq ? '' : `jq() { node -p "JSON.parse(require('fs').readFileSync('$3', 'utf8')).version"; }\n`;

function versionStep(tag: string): string {
  const output = join(temporary, tag);
  writeFileSync(output, '');
  bash(`${JQ}${script}`, { GITHUB_REF_NAME: tag, GITHUB_OUTPUT: output });
  return readFileSync(output, 'utf8');
}

test('a tag that is package.json’s version sets version, revision and date', () =>
  assert.match(
    versionStep(`v${manifest.version}`),
    new RegExp(`^version=${manifest.version}\nrevision=[0-9a-f]{7,}\ncreated=\\d{4}-\\d\\d-\\d\\dT.*\n$`),
  ));

for (const tag of ['v99.0.0', manifest.version, `v${manifest.version}-rc.1`, `vv${manifest.version}`])
  test(`a tag ${tag === manifest.version ? 'without v' : tag.replace(manifest.version, '<version>')} is refused`, () =>
    assert.throws(() => versionStep(tag), /the tag is .*, but package\.json says/));

test('a version that the changelog does not have is refused', () => {
  const step = release.jobs.version?.steps?.find(({ id }) => id === 'changelog');
  assert.equal(step?.env?.VERSION, expression('steps.version.outputs.version'));
  const inFolder = (heading: string): string => {
    writeFileSync(join(temporary, 'CHANGELOG.md'), `# Changelog\n\n${heading}\n`);
    return bash(`cd "${temporary}"; ${step?.run}`, { VERSION: '1.2.3' });
  };
  assert.equal(inFolder('## [1.2.3] - 2026-11-26'), '## [1.2.3] - 2026-11-26\n');
  for (const other of ['## [1.2.3-rc.1] - 2026-11-26', '## [1.2.3]', '## [Unreleased]'])
    assert.throws(() => inFolder(other), other);
});

test('the release on GitHub comes last, with the notes of its version', () => {
  assert.deepEqual(release.jobs.notes?.needs, ['version', 'image', 'bundle', 'catalog', 'chart', 'npm']);
  assert.match(scripts(release.jobs.notes), /writeReleaseNotes\.ts "\$VERSION" > notes\.md\n.*--notes-file notes\.md/s);
});

test('the base images’ digests are looked up for the names in the Dockerfile', () => {
  const output = join(temporary, 'base');
  const docker = 'docker() { echo "sha256:$(printf %s "$4" | sha256sum | cut -c 1-64)"; }\n';
  const step = release.jobs.image?.steps?.find(({ id }) => id === 'base')?.run ?? '';
  bash(`${docker}${step}`, { GITHUB_OUTPUT: output });
  const lines = readFileSync(output, 'utf8').trim().split('\n');
  assert.match(lines[0] ?? '', /^BUILD_IMAGE=docker\.io\/library\/node@sha256:[0-9a-f]{64}$/);
  assert.match(lines[1] ?? '', /^RUNTIME_IMAGE=gcr\.io\/distroless\/nodejs24-debian12@sha256:[0-9a-f]{64}$/);
  const args = String(builds('image')?.['build-args']);
  for (const name of ['BUILD_IMAGE', 'RUNTIME_IMAGE'])
    assert.ok(args.includes(`${name}=${expression(`steps.base.outputs.${name}`)}`));
});

test('the image is called as in the code', () => assert.ok(release.env?.IMAGE?.endsWith(`/${PRODUCT}`)));

for (const [job, folder, what] of [
  ['bundle', 'manifests', 'image'],
  ['catalog', 'catalog', 'bundle'],
  ['catalog', 'catalog', 'image'],
] as const) {
  const step = release.jobs[job]?.steps?.find(({ env }) => env?.PINNED?.includes(`needs.${what}.outputs.digest`));
  const product = what === 'image' ? '' : '-bundle';

  test(`${job}: what names the ${what} by the version names it by digest then`, () => {
    const name = `${expression('env.IMAGE')}${product}`;
    assert.equal(step?.env?.TAGGED, `${name}:${what === 'image' ? '' : 'v'}${VERSION}`);
    assert.equal(step?.env?.PINNED, `${name}@${expression(`needs.${what}.outputs.digest`)}`);
  });

  test(`${job}: the ${what} is pinned, nothing else is changed, and nothing to pin is an error`, () => {
    const made = mkdtempSync(join(temporary, 'olm-'));
    const [TAGGED, PINNED] = [`example/meltemi${product}:1.2.3`, `example/meltemi${product}@sha256:0123`];
    const run = (content: string): string => {
      const file = join('olm-bundle', folder, 'made.yaml');
      const make = `cd "$MADE" && mkdir -p "$(dirname ${file})" && printf %s "$CONTENT" > ${file}\n`;
      bash(`${make}${step?.run}`, { MADE: made, CONTENT: content, TAGGED, PINNED });
      return readFileSync(join(made, file), 'utf8');
    };
    const other = 'image: example/other:1.2.3\n';
    assert.equal(run(`image: ${TAGGED}\n${other}`), `image: ${PINNED}\n${other}`);
    assert.throws(() => run(other));
  });
}

test('what the OLM jobs build from is there as soon as there is a bundle', () => {
  if (!existsSync('olm-bundle')) return;
  for (const [, , file] of images) if (file) assert.ok(existsSync(file), file);
  const named = globSync('olm-bundle/{manifests,catalog}/**/*.yaml')
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  assert.ok(named.includes(`${release.env?.IMAGE}:${manifest.version}\n`));
  assert.ok(named.includes(`${release.env?.IMAGE}-bundle:v${manifest.version}\n`));
});

test('what the chart job packages is there', () => assert.ok(existsSync('helm/Chart.yaml')));
