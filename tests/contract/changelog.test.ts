import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { changelog, GROUPS, type Section, sectionOf, UNRELEASED } from '../release/changelog.ts';
import { hubChanges } from '../release/hubChanges.ts';
import { releaseNotes, upgradeNotes } from '../release/releaseNotes.ts';

const files = {
  changes: readFileSync('CHANGELOG.md', 'utf8'),
  upgrading: readFileSync('docs/upgrading.md', 'utf8'),
};
const sections = changelog(files.changes);
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const chart = parse(readFileSync('helm/Chart.yaml', 'utf8')) as { annotations: Readonly<Record<string, string>> };

const EXAMPLE = `# Changelog

## [Unreleased]

### Fixed

- One thing, on
  two lines.

## [1.1.0-rc.1] - 2026-11-26

### Added

- A flag \`--a\`; see [flags](docs/flags.md).

### Security

- A hole.

## [1.0.0] - 2026-10-01

### Added

- Everything.

[Unreleased]: https://example.org/compare
`;

test('a changelog is read by version and group', () => {
  const [unreleased, candidate, first] = changelog(EXAMPLE);
  assert.deepEqual(unreleased, {
    version: UNRELEASED,
    changes: [{ group: 'Fixed', text: 'One thing, on two lines.' }],
  });
  assert.equal(candidate?.date, '2026-11-26');
  assert.deepEqual(
    candidate.changes.map(({ group }) => group),
    ['Added', 'Security'],
  );
  assert.equal(first?.version, '1.0.0');
});

const broken: [name: string, line: string][] = [
  ['a group that is none', '### Improved'],
  ['a version without brackets', '## 1.0.0'],
  ['a date in another form', '## [1.0.0] - 1 October 2026'],
  ['a paragraph', 'We are happy to announce.'],
];
for (const [name, line] of broken)
  test(`a changelog is not in its form: ${name}`, () =>
    assert.throws(
      () => changelog(`## [Unreleased]\n\n${line}\n`),
      /line 3 of the changelog is no version, group or change/,
    ));

test('our changelog has its groups in order, each once, each with changes, versions falling', () => {
  const order = Object.keys(GROUPS);
  const headings = files.changes.split('\n').filter((line) => /^##/.test(line));
  for (const [index, heading] of headings.entries()) {
    const [one, next] = [heading, headings[index + 1] ?? '## '].map((line) => order.indexOf(line.replace(/^### /, '')));
    if (one !== -1 && next !== -1) assert.ok((one ?? 0) < (next ?? 0), `${heading} before ${headings[index + 1]}`);
  }
  assert.ok(sections.length > 0 && sections.every(({ changes }) => changes.length > 0));
  const dates = sections.map(({ date = '9999' }) => date);
  assert.deepEqual(dates, [...dates].sort().reverse());
});

test('what was changed or removed has its upgrade notes', () => {
  const concerned = sections.filter(({ changes }) =>
    changes.some(({ group }) => ['Changed', 'Removed'].includes(group)),
  );
  assert.deepEqual(
    concerned.map((one) => one.version).filter((one) => !upgradeNotes(files.upgrading, one)),
    [],
  );
});

test('Artifact Hub shows the changes of this version', () => {
  const section = sectionOf(sections, version, true);
  assert.equal(chart.annotations['artifacthub.io/changes'], hubChanges(section));
  const changes = parse(hubChanges(section)) as { kind: string; description: string }[];
  assert.equal(changes.length, section.changes.length);
  assert.ok(changes.every(({ description }) => !/[`\]]/.test(description)));
  const security = section.changes.some(({ group }) => group === 'Security');
  assert.equal(chart.annotations['artifacthub.io/containsSecurityUpdates'], String(security));
  assert.equal(chart.annotations['artifacthub.io/prerelease'], String(version.includes('-')));
});

test('changes for hubs are plain text', () => {
  const [, candidate] = changelog(EXAMPLE) as [Section, Section];
  assert.deepEqual(parse(hubChanges(candidate)), [
    { kind: 'added', description: 'A flag --a; see flags.' },
    { kind: 'security', description: 'A hole.' },
  ]);
});

test('release notes: what changed, what to do, links that lead there from everywhere', () => {
  const upgrading = '# Upgrading\n\n## 1.1.0-rc.1\n\nRename [it](policy.md).\n\n## 1.0.0\n\nNothing.\n';
  const notes = releaseNotes('1.1.0-rc.1', { changes: EXAMPLE, upgrading });
  const tag = 'https://github.com/meltemi-mesh/meltemi/blob/v1.1.0-rc.1';
  assert.ok(
    notes.startsWith(
      `## Added\n\n- A flag \`--a\`; see [flags](${tag}/docs/flags.md).\n\n## Security\n\n- A hole.\n\n`,
    ),
  );
  assert.ok(notes.includes(`## Upgrading\n\nRename [it](${tag}/docs/policy.md).\n\n[Install]`));
});

const script = ['tests/release/writeReleaseNotes.ts'];

test('npm run release-notes prints the notes of a version', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  assert.equal(scripts['release-notes'], `node ${script[0]}`);
  const notes = execFileSync(process.execPath, [...script, UNRELEASED], { encoding: 'utf8' });
  assert.equal(notes, releaseNotes(UNRELEASED, files));
});

for (const [name, args, code, says] of [
  ['a version that is not there', ['9.9.9'], 1, /^error: the changelog has no version 9\.9\.9; it has Unreleased/],
  ['no version', [], 2, /^usage: /],
] as const)
  test(`npm run release-notes refuses ${name}`, () => {
    const { status, stderr } = spawnSync(process.execPath, [...script, ...args], { encoding: 'utf8' });
    assert.equal(status, code);
    assert.match(stderr, says);
  });
