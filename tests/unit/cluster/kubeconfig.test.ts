import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type KubeconfigError, loadKubeconfig } from '../../../src/cluster/kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `kubeconfig-${files++}`);
  writeFileSync(path, text);
  return path;
}

const config = (
  name: string,
  { current = name, user = '{token: abc}', namespace = '', server = 'https://api:6443' } = {},
): string => `
clusters: [{name: ${name}, cluster: {server: "${server}"}}]
users: [{name: ${name}, user: ${user}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}${namespace && `, namespace: ${namespace}`}}}]
current-context: "${current}"
`;

function wrong(path: string, context?: string): string {
  try {
    loadKubeconfig({ path, env: {}, ...(context && { context }) });
  } catch (error) {
    assert.equal((error as KubeconfigError).name, 'KubeconfigError');
    return (error as KubeconfigError).message;
  }
  throw new Error('it was loaded');
}

describe('kubeconfig: where it is found', () => {
  const env = { KUBECONFIG: file(config('from-env')), HOME: join(folder, 'home') };
  mkdirSync(join(folder, 'home', '.kube'), { recursive: true });
  writeFileSync(join(folder, 'home', '.kube', 'config'), config('from-home'));

  it('takes the explicit path before KUBECONFIG, and that before the home folder', () => {
    assert.equal(loadKubeconfig({ path: file(config('explicit')), env }).context, 'explicit');
    assert.equal(loadKubeconfig({ env }).context, 'from-env');
    assert.equal(loadKubeconfig({ env: { HOME: env.HOME } }).context, 'from-home');
  });

  it('merges the files of KUBECONFIG, passes over absent ones and lets the first win', () => {
    const second = file(
      `${config('b')}`.replace('{name: b, cluster', '{name: a, cluster: {server: "https://wrong"}}, {name: b, cluster'),
    );
    const paths = [file(config('a', { server: 'https://right' })), join(folder, 'absent'), second];
    const loaded = loadKubeconfig({ env: { KUBECONFIG: paths.join(delimiter) }, context: 'b' });
    assert.equal(loaded.server, 'https://api:6443');
    assert.equal(loaded.config.getCluster('a')?.server, 'https://right');
    assert.equal(loadKubeconfig({ env: { KUBECONFIG: paths.join(delimiter) } }).context, 'a');
  });

  it("uses the pod's service account and its namespace", () => {
    const root = join(folder, 'pod');
    const account = join(root, 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(account, { recursive: true });
    writeFileSync(join(account, 'token'), 'abc');
    writeFileSync(join(account, 'namespace'), 'meltemi-system\n');
    const pod = { HOME: folder, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    const { namespace, source, server, config: found } = loadKubeconfig({ env: pod, root });
    assert.deepEqual([namespace, source, server], ['meltemi-system', 'in-cluster', 'https://[fd00::1]:6443']);
    assert.equal(found.getCurrentCluster()?.caFile, join(account, 'ca.crt'));
  });

  it('says what to do when there is none', () => {
    assert.throws(() => loadKubeconfig({ env: { HOME: folder }, root: folder }), /no kubeconfig: .* give --kubeconfig/);
  });
});

describe('kubeconfig: what it gives', () => {
  it("gives the context's namespace, server and name, and `default` where there is no namespace", () => {
    const { namespace, server } = loadKubeconfig({ path: file(config('a', { namespace: 'shop' })), env: {} });
    assert.deepEqual([namespace, server], ['shop', 'https://api:6443']);
    assert.equal(loadKubeconfig({ path: file(config('a')), env: {} }).namespace, 'default');
  });

  it('allows plain http', () => {
    const path = file(config('a', { server: 'http://127.0.0.1:8001' }));
    assert.equal(loadKubeconfig({ path, env: {} }).config.getCurrentCluster()?.skipTLSVerify, true);
  });

  it('reads a token file anew as it rotates, in place of a token', () => {
    const user = loadKubeconfig({
      path: file(config('a', { user: '{token: old, tokenFile: t}' })),
      env: {},
    }).config.getCurrentUser();
    assert.deepEqual([user?.token, user?.authProvider.config.tokenFile], [undefined, join(folder, 't')]);
  });

  it('tells exec plugins which version is spoken', () => {
    const exec = '{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: plugin}}';
    const user = loadKubeconfig({ path: file(config('a', { user: exec })), env: {} }).config.getCurrentUser();
    const info = user?.exec.env.find(({ name }: { name: string }) => name === 'KUBERNETES_EXEC_INFO');
    assert.equal(JSON.parse(info.value).apiVersion, 'client.authentication.k8s.io/v1beta1');
  });

  it('keeps the certificate authority of a context without user', async () => {
    const text = config('a').replace(', user: a}', '}').replace('server:', 'certificate-authority-data: YWJj, server:');
    const options: { ca?: unknown } = {};
    await loadKubeconfig({ path: file(text), env: {} }).config.applyToHTTPSOptions(options);
    assert.equal(String(options.ca), 'abc');
  });
});

describe('kubeconfig: what is wrong with it', () => {
  it('names an absent file, and a folder', () => {
    assert.match(wrong(join(folder, 'absent')), /absent does not exist; correct --kubeconfig or KUBECONFIG/);
    assert.match(wrong(folder), /is a directory; give the path of a file in it/);
  });

  it('says where the file is not YAML, and quotes nothing of it', () => {
    const message = wrong(file('users:\n  - token: "secret\n   x: ]'));
    assert.match(message, /is not YAML at line \d+/);
    assert.doesNotMatch(message, /secret/);
  });

  it('says that a file is something else', () => {
    assert.match(wrong(file('just words')), /is not a kubeconfig/);
    assert.match(wrong(file('')), /is not a kubeconfig/);
    assert.match(wrong(file('clusters: [{name: a}]')), /is not a usable kubeconfig: clusters\[0\].cluster is missing/);
  });

  for (const kind of ['clusters', 'contexts', 'users'] as const) {
    it(`names an entry that stands twice under ${kind}`, () => {
      const { [kind]: entries = [], ...others } = parse(config('a')) as Record<string, object[]>;
      const text = stringify({ ...others, [kind]: [...entries, ...entries] });
      assert.match(wrong(file(text)), new RegExp(`has two ${kind} named "a"; rename or remove one`));
    });
  }

  it('says that there is no current context, and which there are', () => {
    assert.match(wrong(file(config('a', { current: '' }))), /no current context; give --context with one of: a$/);
  });

  it('says that a context is not there, and which are', () => {
    assert.match(wrong(file(config('a')), 'b'), /has no context "b"; it has: a$/);
  });

  it('says that a context names a cluster or a user that is not there', () => {
    assert.match(
      wrong(file(config('a').replace('cluster: a', 'cluster: x'))),
      /context "a" names the cluster "x", which does not exist/,
    );
    assert.match(
      wrong(file(config('a').replace('user: a}', 'user: x}'))),
      /context "a" names the user "x", which does not exist/,
    );
  });

  it('says that a server is no URL', () => {
    assert.match(wrong(file(config('a', { server: 'api:6443' }))), /server of cluster "a" is not an http or https URL/);
  });
});
