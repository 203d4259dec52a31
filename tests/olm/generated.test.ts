import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { generatedBundle } from './generate/generatedBundle.ts';
import { CSV_FILE } from './generate/names.ts';

for (const [file, content] of await generatedBundle())
  test(`${file} is as the chart and the code have it (npm run bundle)`, () =>
    assert.equal(readFileSync(file, 'utf8'), content));

test('a digest names the image everywhere, and only then can it be installed without a way out', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const { metadata, spec } = parse((await generatedBundle(digest)).get(CSV_FILE) ?? '');
  const image = `ghcr.io/meltemi-mesh/meltemi@${digest}`;
  const [container] = spec.install.spec.deployments[0].spec.template.spec.containers;
  const { containerImage, 'features.operators.openshift.io/disconnected': disconnected } = metadata.annotations;
  assert.deepEqual(
    [container.image, containerImage, spec.relatedImages, disconnected],
    [image, image, [{ name: 'meltemi', image }], 'true'],
  );
  const committed = parse(readFileSync(CSV_FILE, 'utf8')).metadata.annotations;
  assert.equal(committed['features.operators.openshift.io/disconnected'], 'false');
});
