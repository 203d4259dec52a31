import '../kinds/withFleet.ts';
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// what is imported by `await` knows the example kind
const { rightsTemplate } = await import('../contract/chart/rightsTemplate.ts');
const { grants } = await import('../contract/chart/grants.ts');
const { permissionsOf } = await import('../olm/generate/permissions.ts');
const { CHART, ownClusterRole, render } = await import('./chart.ts');

/** The chart as `npm run docs` makes it where the example kind stands in the list. */
const folder = mkdtempSync(join(tmpdir(), 'meltemi-fleet-chart-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const chart = join(folder, CHART);
cpSync(CHART, chart, { recursive: true });
writeFileSync(join(chart, 'templates', '_rights.tpl'), rightsTemplate());

const FLEETS = ['get', 'list', 'patch'].map((verb) => `${verb} example.meltemi.dev/fleets`);
const ofFleets = (granted: Iterable<string>): string[] => [...granted].filter((one) => one.includes('fleets'));

test('the ClusterRole of an installation for the cluster grants what the example kind takes', async () =>
  assert.deepEqual(ofFleets(grants(ownClusterRole(await render({}, { chart })).rules)), FLEETS));

test('with namespaces their Roles do, and the ClusterRole does not', async () => {
  const manifests = await render({ namespaces: ['shop'] }, { chart });
  assert.deepEqual(ofFleets(grants(ownClusterRole(manifests).rules)), []);
  const ofShop = manifests.find(({ kind, metadata }) => kind === 'Role' && metadata.namespace === 'shop');
  assert.deepEqual(ofFleets(grants(ofShop?.rules)), FLEETS);
});

test('the bundle’s CSV asks for the same', async () => {
  const { clusterPermissions } = permissionsOf(await render({}, { chart }), 'ops');
  assert.deepEqual(ofFleets(grants(clusterPermissions.flatMap(({ rules }) => rules))), FLEETS);
});
