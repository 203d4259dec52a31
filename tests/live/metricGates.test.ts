import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { toolbox } from '../testbed/build.ts';
import { Prometheus } from '../testbed/prometheus.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { meltemi, planRows } from './commandLine.ts';
import { Exporter } from './exporter.ts';
import { each, fleet } from './fleet.ts';
import { HookReceiver } from './hookReceiver.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const ERROR_RATE = 'sum(rate(app_requests_total{code=~"5.."}[5s])) / sum(rate(app_requests_total[5s]))';
/** How long an answer counts, from its question. */
const COUNTS_FOR = 25_000;

/** A policy file. JSON is YAML. */
function policyFile(name: string, policy: object): string {
  const path = join(bed.state, `${name}.yaml`);
  writeFileSync(path, JSON.stringify(policy));
  return path;
}

test('the error rate rises while a canary bakes: nothing further begins, people are told; it falls, and the rest goes on', async () => {
  await using exporter = await Exporter.start();
  const prometheus = await Prometheus.start(toolbox(), bed.state, exporter.target);
  const namespaces = await fleet(bed, 'rate', 5, INJECTED);
  const [canary = '', ...others] = namespaces;
  const receiver = await HookReceiver.start();
  const policy = policyFile('rate', {
    waves: [{ name: 'canary', match: [{ namespaces: [canary] }], bake: '20s', gates: ['error-rate'] }],
    metricGates: [
      { name: 'error-rate', prometheus: prometheus.address, query: ERROR_RATE, max: '0.01', timeLimit: '10s' },
    ],
    notify: [{ webhook: { urlFile: receiver.file('good') } }],
  });
  const told = (): string[] => receiver.notified().map(({ event }) => event);
  await until('an error rate', 30_000, async () => (await prometheus.value(ERROR_RATE)) === 0);
  const scene = await Scene.start(bed, 'rate', '--policy', policy);
  const written = async (): Promise<number> => (await scene.restarts()).length;
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current([canary], version(), 'default');
    exporter.failing = 0.3;
    await until('the gate to close', COUNTS_FOR, () => scene.operator.said('Metric gate is closed').length > 0);
    await until('the Event', 60_000, async () => (await scene.messages('default', 'MetricGateClosed')).length > 0);
    const [message = ''] = await scene.messages('default', 'MetricGateClosed');
    assert.match(message, /^error-rate has kept restarts waiting since .*: 0\.\d+ is above the maximum of 0\.01$/);
    assert.deepEqual(await scene.restartCounts(), each([canary]), 'the bake has passed, and the gate is closed');
    await until('the notification', 30_000, () => told().includes('gate-closed'));
    assert.match(
      receiver.notified().at(-1)?.text ?? '',
      /^Metric gate error-rate has been closed for .*: 0\.\d+ is above/,
    );

    const held = (await planRows(bed.kubeconfig, '--policy', policy)).filter(({ verdict }) => verdict === 'outdated');
    assert.deepEqual(held.map(({ namespace }) => namespace).sort(), others);
    for (const { reason, detail } of held) {
      assert.equal(reason, 'wave-baking');
      assert.match(detail, /metric gate error-rate is closed: 0\.\d+ is above the maximum of 0\.01$/);
    }

    // the next leader neither forgets nor tells it again
    await scene.operator.kill();
    await scene.restart();
    await stays('nothing further after a crash', 5000, async () => (await written()) === 1);
    assert.equal(await scene.eventCount('default', 'MetricGateClosed'), 1);

    exporter.failing = 0;
    await scene.current(namespaces, version(), 'default', 120);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), each(namespaces));
    await until('the end of the run to be told', 60_000, () => told().includes('finished'));
    assert.deepEqual(told(), ['started', 'gate-closed', 'wave-done', 'finished'], 'once each, over the crash');
  } finally {
    await scene.stop();
    await prometheus.stop();
  }
});

type Behaviour = (response: ServerResponse) => void;
const answer = (result: readonly object[]): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
const sample = (value: string): object => ({ metric: {}, value: [0, value] });
const WELL: Behaviour = (response) => response.end(answer([sample('1')]));

/** What goes wrong with Prometheus, and what is said of it. */
const TROUBLES: readonly [name: string, behaviour: Behaviour, words: RegExp][] = [
  ['down', (response) => response.destroy(), /Prometheus does not answer: /],
  ['slow', () => undefined, /no complete answer within the time limit$/],
  ['500', (response) => response.writeHead(500).end('{"error":"out of order"}'), /HTTP 500: out of order$/],
  ['nan', (response) => response.end(answer([sample('NaN')])), /the value is NaN$/],
  ['empty', (response) => response.end(answer([])), /the query gives no sample$/],
  ['large', (response) => response.end(answer([sample('1')]).padEnd(10_000_000)), /larger than 1 MiB$/],
];

test('a Prometheus that is down, slow, broken or gives no usable value keeps what its gate holds waiting, and nothing else', async () => {
  const behaviours = new Map(TROUBLES.map(([name, behaviour]) => [name, behaviour]));
  const server = createServer((request, response) => {
    request.resume();
    (behaviours.get(request.url?.split('/')[1] ?? '') ?? WELL)(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const names = [...TROUBLES.map(([name]) => name), 'well'];
  const namespaces = await fleet(bed, 'trouble', names.length, INJECTED);
  const gates = names.map((name, index) => ({
    name,
    prometheus: `${address}/${name}`,
    query: 'up',
    min: '1',
    match: [{ namespaces: [namespaces[index]] }],
  }));
  const policy = policyFile('trouble', { metricGates: gates });
  const well = namespaces.slice(-1);
  const troubled = namespaces.slice(0, -1);
  const scene = await Scene.start(bed, 'trouble', '--policy', policy, '--max-in-flight', '10');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(well, version(), 'default', 60);
    await stays('nothing else', 15_000, async () => (await scene.restarts()).length === 1);
    const answers = scene.operator.said('Metric gate is closed');
    const rows = await planRows(bed.kubeconfig, '--policy', policy);
    for (const [index, [name, , words]] of TROUBLES.entries()) {
      const details = answers.filter(({ gate }) => gate === name).map(({ detail }) => String(detail));
      assert.equal(details.length, 1, `${name} is said once`);
      assert.match(details[0] ?? '', words);
      const row = rows.find(({ namespace }) => namespace === namespaces[index]);
      assert.equal(row?.reason, 'metric-gate');
      assert.ok(row?.detail.startsWith(`${name}: `), row?.detail);
    }
    const checked = await meltemi('policy', 'check', policy, '--query', '-o', 'json');
    assert.equal(checked.code, 1, checked.error);
    const { metricGates } = JSON.parse(checked.out) as { metricGates: readonly { name: string; state: string }[] };
    assert.deepEqual(
      metricGates.map(({ name, state }) => [name, state]),
      [...TROUBLES.map(([name]) => [name, 'no answer']), ['well', 'open']],
    );

    behaviours.clear();
    await scene.current(troubled, version(), 'default', 90);
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), each(namespaces));
    assert.equal((await meltemi('policy', 'check', policy, '--query')).code, 0);
  } finally {
    await scene.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
