import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { WINDOW_ANNOTATION } from '../../src/names.ts';
import { localTime } from '../../src/plan/windows/timeZone.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

const INJECTED = { 'istio-injection': 'enabled' };
const { nextVersion } = new Versions();
const MINUTE = 60_000;
/** A zone with half an hour, so that no clock of this machine shows its time. */
const ZONE = 'Asia/Kolkata';

/** A time of the day as clocks in the zone show it: `22:00`. */
const clock = (at: number): string => new Date(localTime(at, ZONE)).toISOString().slice(11, 16);

test('a restart begins when its window opens; what is frozen or cannot be read waits until it is urgent', async () => {
  const file = bed.path('windows.yaml');
  const edit = (...lines: string[]): void => writeFileSync(file, `${lines.join('\n')}\n`);
  const names = ['shop', 'frozen', 'unclear'];
  for (const name of names) await bed.namespace(name, INJECTED);
  for (const namespace of names) await bed.deploy({ namespace, name: 'web' });
  const annotations = { [WINDOW_ANNOTATION]: 'at night' };
  await bed.api.patch(pathOf('Namespace', '', 'unclear'), { metadata: { annotations } });
  await Promise.all(names.map((namespace) => bed.waitReady(namespace)));
  const from = new Date(localTime(Date.now() - MINUTE, ZONE)).toISOString().slice(0, 16);
  const freeze = (match: string): string =>
    `freezes: [{ name: sale, from: '${from}', to: '9000-01-01T00:00', timeZone: ${ZONE}${match} }]`;
  edit(freeze(''));
  const scene = await Scene.start(bed, 'windows', '--policy', file);
  try {
    const version = nextVersion();
    await bed.istio.upgrade('default', version);
    await scene.decided('shop', 'outdated', 'freeze');
    await scene.decided('unclear', 'outdated', 'window-unreadable');

    // the first full minute that leaves time to see it wait
    const opens = Math.ceil((Date.now() + 12_000) / MINUTE) * MINUTE;
    const window = `windows: [{ name: soon, start: ${clock(opens)}, end: ${clock(opens + 30 * MINUTE)}, timeZone: ${ZONE} }]`;
    const frozen = freeze(', match: [{ namespaces: [frozen] }]');
    edit(frozen, window);
    await scene.decided('shop', 'outdated', 'window');
    assert.deepEqual(await scene.restartCounts(), {});
    const waiting = scene.operator.said('Decided').findLast(({ namespace }) => namespace === 'shop');
    assert.match(
      String(waiting?.detail),
      new RegExp(`^outside window soon, until \\w+ [-0-9]+ ${clock(opens)} ${ZONE}$`),
    );
    const said = Date.parse(String(waiting?.until));
    assert.ok(Math.abs(said - opens) < 2000, `${waiting?.until}, and it opens at ${new Date(opens).toISOString()}`);

    await until(
      'shop/web to be restarted',
      opens + 30_000 - Date.now(),
      async () => (await scene.restarts()).length > 0,
    );
    const [restart] = await scene.restarts();
    assert.equal(restart?.namespace, 'shop');
    const late = (restart?.time ?? 0) - opens;
    assert.ok(late >= 0 && late < 20_000, `restarted ${late} ms after its window has opened`);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/shop/web': 1 });
    assert.equal(scene.waiting().get('frozen'), 'freeze');
    assert.equal(scene.waiting().get('unclear'), 'window-unreadable');

    edit(frozen, window, `urgent: [{ images: ['*:${version}'] }]`);
    await scene.current(names, version, 'default');
    await scene.settled();
    const counts = Object.fromEntries(names.map((name) => [`deployments/${name}/web`, 1]));
    assert.deepEqual(await scene.restartCounts(), counts);
  } finally {
    await scene.stop();
  }
});
