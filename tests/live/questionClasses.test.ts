import assert from 'node:assert/strict';
import { sameAnswer } from '../../src/expect/answer.ts';
import { classOf } from '../../src/expect/classes/questionClass.ts';
import { contentHash, injectionOf } from '../../src/expect/epoch.ts';
import { Injectors } from '../../src/expect/injectors.ts';
import type { AskedInjection } from '../../src/expect/mesh.ts';
import type { Question } from '../../src/expect/question.ts';
import { injectorEntries, type RawConfiguration } from '../../src/expect/webhookEntry.ts';
import type { PodTemplate } from '../../src/model.ts';
import { istiod } from '../builders/workload.ts';
import { afterTest } from '../jest/afterTest.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { type Dice, diceFor } from '../unit/fuzz/dice.ts';
import { bed } from './bedWithIstio.ts';
import { meltemi } from './commandLine.ts';

const TEMPLATES = 400;
const ENABLED = { 'istio-injection': 'enabled' };

/** The injection of the testbed's istiod, with the configuration that its chart wrote. */
async function injection(): Promise<AskedInjection> {
  const raw = await bed.api.list<RawConfiguration & ApiObject>(pathOf('MutatingWebhookConfiguration'));
  const [entry] = injectorEntries(raw);
  const path = pathOf('ConfigMap', 'istio-system', 'istio-sidecar-injector');
  const { data } = await bed.api.get<ApiObject & { readonly data: object }>(path);
  return injectionOf(entry ?? assert.fail('no entry'), { injectorConfig: data, istiod: istiod() });
}

/** A part of a template, in one of so many. */
const often = (dice: Dice, part: object): object => (dice.once(2) ? part : {});
const seldom = (dice: Dice, part: object): object => (dice.once(9) ? part : {});

function container(dice: Dice, index: number): object {
  const port = 1024 + dice.below(60_000);
  const probe = { httpGet: { path: '/', port: dice.pick([port, 'main']) }, timeoutSeconds: 1 + dice.below(9) };
  return {
    name: dice.pick(['app', 'web', `server-${index}`]),
    image: dice.pick(['app:1', `registry.example:5000/app-${index}@sha256:${'0'.repeat(64)}`, `other:${index}`]),
    ...often(dice, { args: [`--number=${index}`], command: ['/app'] }),
    ...often(dice, { env: [{ name: 'ENVOY_SECURE_MERGED_METRICS_PORT', value: String(index) }] }),
    ...often(dice, { ports: [{ containerPort: port, name: 'main', protocol: dice.pick(['TCP', 'UDP']) }] }),
    ...often(dice, { resources: { limits: { cpu: String(1 + index), memory: '1Gi' } } }),
    ...often(dice, { readinessProbe: probe, livenessProbe: { exec: { command: ['true'] } } }),
    ...often(dice, { lifecycle: { preStop: { httpGet: { path: '/', port } } } }),
    ...often(dice, { volumeMounts: [{ name: 'data', mountPath: `/data-${index}` }] }),
  };
}

/** A template as many charts write them: a few that are told apart, each with everything that is not. */
function drawn(dice: Dice, index: number): PodTemplate {
  const containers = [container(dice, index)];
  if (dice.once(4)) containers.push({ name: 'second', image: `second:${index}` });
  if (dice.once(9)) containers.push({ name: 'istio-proxy', image: dice.pick(['auto', 'mine:1']) });
  const named = { version: `v${index}`, 'app.kubernetes.io/name': `n${index}`, team: dice.pick(['a', 'b']) };
  return {
    labels: {
      app: `web-${index}`,
      ...often(dice, named),
      ...seldom(dice, { 'sidecar.istio.io/inject': dice.pick(['true', 'false']) }),
    },
    annotations: {
      ...often(dice, { 'checksum/config': String(index) }),
      ...often(dice, { 'kubectl.kubernetes.io/restartedAt': `2026-01-01T00:00:${10 + (index % 50)}Z` }),
      ...seldom(dice, { 'sidecar.istio.io/proxyImage': 'registry.example/proxy:own' }),
      ...seldom(dice, { 'sidecar.istio.io/proxyImageType': 'debug' }),
      ...seldom(dice, { 'inject.istio.io/templates': dice.pick(['gateway', 'grpc-agent', 'sidecar,grpc-simple']) }),
      ...seldom(dice, { 'sidecar.istio.io/nativeSidecar': dice.pick(['true', 'false']) }),
    },
    spec: {
      containers,
      ...seldom(dice, { initContainers: [{ name: `init-${index}`, image: `init:${index}`, args: ['a'] }] }),
      ...often(dice, { volumes: [{ name: 'data', configMap: { name: `data-${index}` } }] }),
      ...often(dice, { serviceAccountName: `account-${index}` }),
      ...often(dice, { affinity: { nodeAffinity: {} }, topologySpreadConstraints: [] }),
      ...seldom(dice, { hostNetwork: true }),
    },
  };
}

test('istiod gives the same answer to all templates of a class', async () => {
  await bed.namespace('alike', ENABLED);
  const asked = await injection();
  const injectors = new Injectors({
    cluster: { service: async () => undefined, accountUid: async () => undefined },
    now: Date.now,
  });
  afterTest(() => injectors.close());
  const seed = Number(process.env.CLASSES_SEED ?? 1);
  const dice = diceFor(seed, 0);
  const questions = Array.from({ length: TEMPLATES }, (_, index): Question => {
    const template = drawn(dice, index);
    const of = { namespace: 'alike', name: `web-${index}`, template, templateHash: contentHash(template) };
    return { injection: asked, ...of, ...(dice.once(2) && { config: true }) };
  });
  const byClass = Map.groupBy(questions, classOf);
  assert.ok(!byClass.has(undefined), 'a template of the chart is not understood');
  const said = new Set<string>();
  for (const alike of byClass.values()) {
    const answers = await Promise.all(alike.map((one) => injectors.askAfresh(one)));
    const [first = assert.fail()] = answers;
    said.add(first.kind === 'sidecar' ? first.sidecar.image : first.kind);
    const other = answers.findIndex((answer) => !sameAnswer(answer, first));
    assert.equal(other, -1, `seed ${seed}: ${JSON.stringify([alike[0], first, alike[other], answers[other]])}`);
  }
  assert.ok(byClass.size < TEMPLATES / 2, `${byClass.size} classes are too many to show anything`);
  assert.ok(said.size > 3, `only ${[...said].join(', ')} was answered`);
});

test('60 Deployments of one namespace that differ in settings of the app cost three questions', async () => {
  await bed.namespace('like', ENABLED);
  for (let index = 0; index < 60; index++) {
    const container = { name: 'app', image: `app:${index}`, env: [{ name: 'NUMBER', value: String(index) }] };
    const spec = { template: { spec: { containers: [container] } } };
    await bed.deploy({ namespace: 'like', name: `web-${index}`, replicas: 1, spec });
  }
  await bed.waitReady('like');
  const kubeconfig = await bed.operatorKubeconfig('meltemi-classes');
  const before = await bed.istio.questions('default');
  const { code, out } = await meltemi('plan', '-n', 'like', '--kubeconfig', kubeconfig);
  assert.equal(code, 0, out);
  assert.match(out, /60 current/);
  // two samples, and one in fifty
  assert.equal((await bed.istio.questions('default')) - before, 3);
});
