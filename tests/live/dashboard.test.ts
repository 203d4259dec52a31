import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { only, render } from '../chart/chart.ts';
import { toolbox } from '../testbed/build.ts';
import { pathOf } from '../testbed/paths.ts';
import { freePort } from '../testbed/ports.ts';
import { Prometheus } from '../testbed/prometheus.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { HookReceiver } from './hookReceiver.ts';
import { Scene } from './scene.ts';

interface Target {
  readonly expr: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly query: string | { readonly query: string };
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly Target[] };
  readonly templating: { readonly list: readonly Variable[] };
}

const DASHBOARD = JSON.parse(readFileSync('helm/files/dashboard.json', 'utf8')) as Dashboard;
const RELEASE = 'ops';
const INJECTED = { 'istio-injection': 'enabled' };
/** Of the waves `first` and `rest`. */
const WAVES = 2;

/** As Grafana puts its variables into a query. */
const filled = (expr: string): string => expr.replaceAll('$namespace', RELEASE).replaceAll('$__interval', '10s');

test('every query of the dashboard and every alert works in a real Prometheus, and every panel shows an upgrade', async () => {
  const [port, receiver] = await Promise.all([freePort(), HookReceiver.start()]);
  const { spec } = only(
    await render({ prometheusRule: { enabled: true, force: true } }, { namespace: RELEASE }),
    'PrometheusRule',
  );
  const prometheus = await Prometheus.start(toolbox(), bed.state, `127.0.0.1:${port}`, {
    labels: { namespace: RELEASE, pod: 'meltemi-0' },
    groups: spec.groups,
  });
  const began = Date.now() / 1000;
  const policy = bed.path('dashboard-policy.yaml');
  // JSON is YAML
  writeFileSync(
    policy,
    JSON.stringify({
      waves: [{ name: 'first', match: [{ namespaces: ['bank'] }], bake: '3s' }],
      metricGates: [{ name: 'slo', prometheus: prometheus.address, query: 'vector(0)', max: '1' }],
      notify: [{ webhook: { urlFile: receiver.file('good') } }],
    }),
  );
  for (const name of ['shop', 'bank']) await bed.namespace(name, INJECTED);
  await bed.deploy({ namespace: 'bank', name: 'ledger', readyAfter: '2s' });
  // one after the other, for longer than two estimates of the end are apart
  for (const name of ['web', 'cart', 'catalog']) await bed.deploy({ namespace: 'shop', name, readyAfter: '6s' });
  // of no owner that could be restarted
  await bed.api.create(pathOf('Pod', 'shop'), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'alone' },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  });
  await Promise.all(['shop', 'bank'].map((name) => bed.waitReady(name)));
  const scene = await Scene.start(bed, 'board', '--policy', policy, '--metrics-bind-address', `127.0.0.1:${port}`);
  const shows = (expr: string): Promise<number> => prometheus.series(filled(expr), began, Date.now() / 1000);
  try {
    await until('a first scrape', 20_000, async () => (await prometheus.value('meltemi_leader')) === 1);
    await bed.istio.upgrade('default', '1.31.0');
    await scene.current(['bank'], '1.31.0', 'default');
    await until(
      'the second wave to be done',
      90_000,
      async () =>
        (await prometheus.value('meltemi_wave_state{wave="rest",state="done"}')) === 1 &&
        (await prometheus.value('meltemi_workloads{state="outdated"}')) === 0,
    );

    const empty: string[] = [];
    for (const { title, targets = [] } of DASHBOARD.panels)
      for (const { expr } of targets) if ((await shows(expr)) === 0) empty.push(`${title}: ${expr}`);
    assert.deepEqual(empty, []);
    for (const { expr } of DASHBOARD.annotations.list) assert.ok((await shows(expr)) > 0, expr);
    assert.equal(await shows(exprOf('State of each wave')), WAVES);
    assert.equal(await shows(exprOf('Pods by version of the proxy')), 2, 'before and after the upgrade');
    assert.deepEqual(await variables(prometheus), { namespace: [RELEASE] });

    await until('the rules to be evaluated', 30_000, async () => {
      const unknown = (await rules(prometheus)).filter(({ health }) => health === 'unknown');
      return unknown.length === 0 || new Error(JSON.stringify(unknown));
    });
    const evaluated = await rules(prometheus);
    assert.equal(evaluated.length, spec.groups.flatMap((group: { rules: object[] }) => group.rules).length);
    assert.deepEqual(
      evaluated.filter(({ health, state }) => health !== 'ok' || state === 'firing'),
      [],
    );
    await scene.stop();
    await until('MeltemiDown to be pending', 30_000, async () => {
      const down = (await rules(prometheus)).find(({ name }) => name === 'MeltemiDown');
      return down?.state === 'pending' || new Error(JSON.stringify(down));
    });
  } finally {
    await scene.stop();
    await prometheus.stop();
  }
});

const exprOf = (title: string): string =>
  DASHBOARD.panels.find((panel) => panel.title === title)?.targets?.[0]?.expr ?? '';

const rules = async (prometheus: Prometheus) => (await prometheus.ruleGroups()).flatMap((group) => group.rules);

/** The values of each variable that asks Prometheus, by its `label_values(SELECTOR, LABEL)`. */
async function variables(prometheus: Prometheus): Promise<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const { name, query } of DASHBOARD.templating.list) {
    const [, selector, label] =
      /^label_values\(([^,]+), *(\w+)\)$/.exec(typeof query === 'string' ? '' : query.query) ?? [];
    if (selector && label) found[name] = await prometheus.labelValues(label, selector);
  }
  return found;
}
