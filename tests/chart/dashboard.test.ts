import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { only, render } from './chart.ts';
import { metricsIn, unknownMetrics } from './metricNames.ts';
import { unknownReasons } from './reasonCodes.ts';

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const FILE = 'helm/files/dashboard.json';
const { panels, uid, annotations } = JSON.parse(readFileSync(FILE, 'utf8')) as {
  panels: Panel[];
  uid: string;
  annotations: { list: { expr: string }[] };
};
const expressions = [
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...annotations.list.map(({ expr }) => expr),
];

test('every metric on the dashboard exists', () => {
  assert.ok(expressions.length > 10);
  assert.deepEqual(expressions.flatMap(unknownMetrics), []);
});

test('every reason on the dashboard is in the catalogue', () =>
  assert.deepEqual(expressions.flatMap(unknownReasons), []));

test('every panel chooses data source and namespace by the variables', () => {
  for (const expression of expressions)
    for (const metric of metricsIn(expression).filter((name) => name !== 'meltemi_build_info'))
      assert.ok(expression.includes('namespace=~"$namespace"'), `${metric} in ${expression}`);
  assert.equal(uid, 'meltemi');
});

test('every panel says what it shows', () => {
  for (const { title, type, description = '' } of panels.filter((panel) => panel.type !== 'row'))
    assert.match(description, /^[A-Z].*\.$/, `${title} (${type})`);
});

test('what needs a person stands on top, and no panel covers another', () => {
  const top = panels.filter(({ gridPos }) => gridPos.y === 0);
  assert.deepEqual(new Set(top.map(({ type }) => type)), new Set(['stat']));
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
});

test('the ConfigMap holds the dashboard and the label that Grafana’s sidecar looks for', async () => {
  const manifests = await render({ grafanaDashboard: { enabled: true } });
  const made = manifests.filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-dashboard'));
  const { data, metadata } = only(made, 'ConfigMap');
  assert.deepEqual(JSON.parse(data['meltemi.json']), JSON.parse(readFileSync(FILE, 'utf8')));
  assert.equal(metadata.labels?.grafana_dashboard, '1');
});
