import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LEASE_ANNOTATION } from '../../src/names.ts';
import { Browser } from '../page/chromium.ts';
import { WatchedPage } from '../page/watchedPage.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

const INJECTED = { 'istio-injection': 'enabled' };
const EVIL = '<img src=x onerror="document.title=1">';
const { version, nextVersion, comingVersion } = new Versions();

/** Keeps a picture for whoever wants to look at it. */
async function picture({ page }: WatchedPage, name: string): Promise<void> {
  const folder = process.env.PAGE_PICTURES;
  if (folder) writeFileSync(join(folder, `${name}.png`), await page.screenshot());
}

/** The workloads of these namespaces all of whose live pods have a ready proxy of that version, by the cluster. */
async function upgraded(namespaces: readonly string[], to: string): Promise<string[]> {
  const found: string[] = [];
  for (const namespace of namespaces) {
    const owners = Map.groupBy(await bed.sidecars(namespace), ({ owner }) => owner);
    for (const [owner, pods] of owners)
      if (pods.every(({ ready, image }) => ready && image.endsWith(`:${to}`))) found.push(`${namespace}/${owner}`);
  }
  return found.sort();
}

const verdictsOf = async (shown: WatchedPage): Promise<Map<string, string>> =>
  new Map(
    (await shown.rows()).map(([namespace, name, kind, verdict]) => [`${namespace}/${kind}/${name}`, verdict ?? '']),
  );

test('over an upgrade the page shows live what the cluster has, with hostile texts as text, with JavaScript and without', async () => {
  await Promise.all(['shop', 'bank'].map((name) => bed.namespace(name, INJECTED)));
  await bed.deploy({ namespace: 'shop', name: 'web', replicas: 2, readyAfter: '3s' });
  await bed.deploy({ kind: 'StatefulSet', namespace: 'shop', name: 'db', replicas: 2, readyAfter: '3s' });
  await bed.deploy({ kind: 'DaemonSet', namespace: 'shop', name: 'agent', readyAfter: '3s' });
  await bed.deploy({ namespace: 'bank', name: 'ledger', stuckWithProxy: comingVersion() });
  await bed.deploy({ namespace: 'bank', name: 'quiet', ownAnnotations: { 'meltemi.dev/window': EVIL } });
  await Promise.all(['shop', 'bank'].map((name) => bed.waitReady(name)));
  const scene = await Scene.start(bed, 'page', '--status-bind-address', '127.0.0.1:0', '--restart-timeout', '30s');
  await using browser = await Browser.start();
  try {
    const shown = await WatchedPage.open(browser.context, `http://127.0.0.1:${scene.operator.port('status')}/`);
    await shown.live();
    assert.deepEqual(await shown.sums(), ['5 current', '0 outdated']);
    await shown.page.evaluate('window.sameDocument = true');
    await bed.istio.upgrade('default', nextVersion());
    await shown.page.locator('#flight tbody tr').first().waitFor({ timeout: 60_000 });
    await picture(shown, 'during');
    await scene.current(['shop'], version(), 'default');
    await until('the page to show the failure', 90_000, async () => {
      const text = await shown.page.locator('#failed').innerText();
      return /bank Deployment\/ledger\s+failed:/.test(text) || new Error(text);
    });
    const cluster = await upgraded(['shop', 'bank'], version());
    const verdicts = await verdictsOf(shown);
    assert.deepEqual([...verdicts].flatMap(([name, verdict]) => (verdict === 'current' ? [name] : [])).sort(), cluster);
    assert.deepEqual(cluster, ['shop/DaemonSet/agent', 'shop/Deployment/web', 'shop/StatefulSet/db']);
    assert.deepEqual(await shown.sums(), ['3 current', '2 outdated', '2 waiting', '1 failed']);
    assert.equal(await shown.page.evaluate('window.sameDocument'), true);
    assert.match(
      await shown.page.locator('#waiting').innerText(),
      /annotate deployment ledger --overwrite meltemi\.dev\/retry/,
    );
    await bed.kubectl('-n', 'default', 'annotate', 'lease', 'meltemi', `${LEASE_ANNOTATION.paused}=${EVIL}`);
    await shown.page.locator('#notes').getByText(`paused: ${EVIL}`).waitFor({ timeout: 20_000 });
    await shown.page.locator('#workloads').getByText(EVIL, { exact: false }).first().waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await shown.page.emulateMedia({ colorScheme });
      assert.deepEqual(await shown.violations(), []);
      await picture(shown, colorScheme);
    }
    assert.equal(await shown.page.locator('img').count(), 0);
    assert.equal(await shown.page.title(), 'Meltemi');
    shown.isClean();

    await using still = await Browser.start({ javaScriptEnabled: false });
    const plain = await WatchedPage.open(still.context, shown.page.url());
    assert.deepEqual(await plain.rows(), await shown.rows());
    assert.deepEqual(await plain.sums(), await shown.sums());
    await plain.page.getByRole('link', { name: 'ledger' }).click();
    assert.match(await plain.page.locator('#explanation').innerText(), /✔ istio-sidecar-injector\S*, matches/);
    plain.isClean();
    const began = performance.now();
    assert.equal(await scene.operator.stop(), 0);
    assert.ok(performance.now() - began < 10_000, 'streams do not hold up the end');
  } finally {
    await scene.stop();
  }
});
