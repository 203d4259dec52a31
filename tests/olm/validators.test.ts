import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterTest } from '../jest/afterTest.ts';
import { complaints } from './complaints.ts';
import { BUNDLE, CSV_FILE } from './generate/names.ts';

for (const [what, ...command] of [
  ['operator-verify has nothing to say of the bundle', 'operator-verify', 'manifests', '--object_validate', BUNDLE],
  ['the validators of hubs have nothing to say of the bundle', 'validate-bundle', BUNDLE],
  ['opm has nothing to say of the catalog', 'opm', 'validate', `${BUNDLE}/catalog/meltemi`],
] as const) {
  const [program, ...args] = command;
  test(what, async () => assert.deepEqual(await complaints(program, ...args), []));
}

/** A copy of the bundle with something replaced in its CSV. */
function broken(text: string, instead: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-broken-'));
  afterTest(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(BUNDLE, folder, { recursive: true });
  const file = join(folder, CSV_FILE.slice(BUNDLE.length));
  const csv = readFileSync(file, 'utf8');
  assert.ok(csv.includes(text));
  writeFileSync(file, csv.replace(text, instead));
  return folder;
}

/** What would be wrong, and what must be said of it: that nothing is said means something only if these are. */
const BROKEN: Readonly<Record<string, readonly [text: string, instead: string, said: RegExp]>> = {
  'an example of an API that nobody owns': [
    'alm-examples: "[]"',
    `alm-examples: '[{"apiVersion": "v1", "kind": "Foo", "metadata": {"name": "x"}}]'`,
    /level=error.*Foo/,
  ],
  'no lowest version of Kubernetes': ['  minKubeVersion: 1.27.0\n', '', /level=warning.*minKubeVersion/],
};

for (const [what, [text, instead, said]] of Object.entries(BROKEN))
  test(`operator-verify tells of ${what}`, async () =>
    assert.match((await complaints('operator-verify', 'manifests', broken(text, instead))).join('\n'), said));

test('the validators of hubs tell of a capability that is none', async () => {
  const folder = broken('capabilities: Seamless Upgrades', 'capabilities: Everything');
  assert.match((await complaints('validate-bundle', folder)).join('\n'), /Everything/);
});
