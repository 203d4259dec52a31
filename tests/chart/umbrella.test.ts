import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { VERSION } from '../../src/version.ts';
import { CHART, container, render } from './chart.ts';

/** A chart of a platform team that depends on this one. */
const umbrella = mkdtempSync(join(tmpdir(), 'meltemi-umbrella-'));
afterAll(() => rmSync(umbrella, { recursive: true, force: true }));

cpSync(CHART, join(umbrella, 'charts/meltemi'), { recursive: true });
writeFileSync(
  join(umbrella, 'Chart.yaml'),
  stringify({
    apiVersion: 'v2',
    name: 'platform',
    version: '1.0.0',
    dependencies: [{ name: 'meltemi', version: VERSION, condition: 'meltemi.enabled' }],
  }),
);

test('in an umbrella chart it takes the values of all charts', async () => {
  const manifests = await render({ global: { imageRegistry: 'harbor.corp' } }, { chart: umbrella });
  assert.equal(container(manifests).image, `harbor.corp/meltemi-mesh/meltemi:${VERSION}`);
});

test('in an umbrella chart its condition leaves it out', async () =>
  assert.deepEqual(await render({ meltemi: { enabled: false } }, { chart: umbrella }), []));

test('in an umbrella chart its condition may be said', async () =>
  assert.ok((await render({ meltemi: { enabled: true } }, { chart: umbrella })).length > 5));
