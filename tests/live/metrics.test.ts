import assert from 'node:assert/strict';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { Authority, type Credentials } from '../testbed/certificates.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { OperatorProcess } from './operatorProcess.ts';

/** What securing the metrics takes, and nothing else: the mesh is not looked at here. */
const REVIEWS = [
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
  { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
];
const NAMESPACE = 'monitoring';
const RBAC = 'rbac.authorization.k8s.io';

let bed: Testbed;
let mount: Mount;
let operator: OperatorProcess;
const authority = new Authority('metrics');

/** A Secret as a kubelet mounts it: names that lead through a symlink, which is replaced as a whole. */
class Mount {
  readonly folder: string;
  #version = 0;

  constructor(folder: string, pair: Credentials) {
    this.folder = folder;
    mkdirSync(folder);
    this.replace(pair);
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(folder, name));
  }

  replace({ certificate, key }: Credentials): void {
    this.#version += 1;
    const version = join(this.folder, `..version-${this.#version}`);
    mkdirSync(version);
    writeFileSync(join(version, 'tls.crt'), certificate);
    writeFileSync(join(version, 'tls.key'), key);
    symlinkSync(version, join(this.folder, '..new'));
    renameSync(join(this.folder, '..new'), join(this.folder, '..data'));
  }
}

const issue = (): Credentials => authority.issue({ user: 'meltemi', hosts: ['localhost'] });

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Scrapes as Prometheus does that was given the authority: a certificate that it did not sign is an error. */
function scrape(token?: string, port = operator.port('metrics')): Promise<Answer> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const options = { port, path: '/metrics', headers, ca: authority.certificate, servername: 'localhost', agent: false };
  return new Promise((resolve, reject) => {
    request(options, async (response) => {
      let text = '';
      for await (const piece of response) text += String(piece);
      resolve({ status: response.statusCode, text });
    })
      .once('error', reject)
      .end();
  });
}

async function serviceAccount(name: string): Promise<void> {
  await bed.api.create(pathOf('ServiceAccount', NAMESPACE), {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: NAMESPACE },
  });
}

/** A token from the API server's own TokenRequest, as a pod gets one. */
async function tokenOf(name: string, audiences?: readonly string[]): Promise<string> {
  const answer = await bed.api.create<{ status: { token: string } }>(
    `${pathOf('ServiceAccount', NAMESPACE, name)}/token`,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600, audiences } },
  );
  return answer.status.token;
}

async function mayScrape(name: string): Promise<void> {
  await bed.api.create(pathOf('ClusterRoleBinding'), {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `metrics-reader-${name}` },
    subjects: [{ kind: 'ServiceAccount', name, namespace: NAMESPACE }],
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'metrics-reader' },
  });
}

const start = (kubeconfig: string, ...flags: string[]): OperatorProcess =>
  new OperatorProcess(kubeconfig, ['--metrics-secure', '--metrics-cert-path', mount.folder, ...flags]);

const started = (process: OperatorProcess): Promise<unknown> =>
  until('the operator to listen', 20_000, () => process.port('metrics') > 0 || new Error(process.rest));

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.namespace(NAMESPACE);
  for (const name of ['prometheus', 'stranger', 'late', 'gone']) await serviceAccount(name);
  await bed.api.create(pathOf('ClusterRole'), {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'metrics-reader' },
    rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
  });
  for (const name of ['prometheus', 'gone']) await mayScrape(name);
  mount = new Mount(bed.path('metrics-certificate'), issue());
  operator = start(await bed.operatorKubeconfig('meltemi-metrics', REVIEWS));
  await started(operator);
});

afterAll(async () => {
  await operator?.stop();
  await bed?.down();
});

test('a ServiceAccount with a ClusterRole for /metrics is given the metrics', async () => {
  const { status, text } = await scrape(await tokenOf('prometheus'));
  assert.equal(status, 200);
  assert.match(text, /^meltemi_build_info\{/m);
});

test('one without is told which right it lacks', async () => {
  const { status, text } = await scrape(await tokenOf('stranger'));
  assert.equal(status, 403);
  assert.match(text, /^user "system:serviceaccount:monitoring:stranger" is not allowed to get \/metrics/);
});

test('a token that is invalid, was changed, or is for another audience is refused', async () => {
  const good = await tokenOf('prometheus');
  const [head, body, signature = ''] = good.split('.');
  const forged = `${head}.${body}.${[...signature].reverse().join('')}`;
  for (const token of ['made-up', forged, await tokenOf('prometheus', ['vault'])])
    assert.equal((await scrape(token)).status, 401);
});

test('without a token nothing is served', async () => assert.equal((await scrape()).status, 401));

test('the token of a deleted ServiceAccount is refused', async () => {
  const token = await tokenOf('gone');
  await bed.api.delete(pathOf('ServiceAccount', NAMESPACE, 'gone'));
  await until('its token to be refused', 20_000, async () => (await scrape(token)).status === 401, 1000);
});

test('a right that is granted while it runs counts soon', async () => {
  const token = await tokenOf('late');
  assert.equal((await scrape(token)).status, 403);
  await mayScrape('late');
  await until('the right to count', 20_000, async () => (await scrape(token)).status === 200, 1000);
});

test('a certificate that is renewed is served without a restart', async () => {
  const token = await tokenOf('prometheus');
  const other = new Authority('another');
  mount.replace(other.issue({ user: 'meltemi', hosts: ['localhost'] }));
  await until('the other authority’s certificate to be served', 30_000, () =>
    scrape(token).then(
      () => false,
      (error: Error) => /self-signed|unable to verify/.test(error.message),
    ),
  );
  mount.replace(issue());
  await until('ours to be served again', 30_000, async () => (await scrape(token)).status === 200);
  await until('both to be logged', 10_000, () => operator.said('Reloaded the metrics certificate').length === 2);
});

test('an operator without the rights for reviews serves no client, and names the missing right', async () => {
  const powerless = start(await bed.operatorKubeconfig('meltemi-powerless', []));
  try {
    await started(powerless);
    assert.equal((await scrape(await tokenOf('prometheus'), powerless.port('metrics'))).status, 503);
    const { err } = await powerless.heard('Cannot check the token of a metrics reader');
    assert.match(String(err), /missing right: create tokenreviews\.authentication\.k8s\.io/);
  } finally {
    await powerless.stop();
  }
});

test('no token was logged', async () => {
  const said = JSON.stringify(operator.lines) + operator.rest;
  assert.doesNotMatch(said, /eyJ/, 'every ServiceAccount token begins so');
});
