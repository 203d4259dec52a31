import assert from 'node:assert/strict';
import { question, readAnswer } from '../../../src/expect/admission.ts';

const { pod } = question('shop', 'web', {
  labels: { app: 'web' },
  annotations: {},
  spec: { containers: [{ name: 'app', image: 'a', resources: {} }] },
});
const patched = (operations: unknown): unknown => ({
  response: {
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
  },
});
const proxy = { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.31.0' };
const revision = { op: 'add', path: '/metadata/annotations/istio.io~1rev', value: 'canary' };

const rows: [string, unknown, string][] = [
  [
    'a proxy among the containers',
    patched([{ op: 'add', path: '/spec/containers/0', value: proxy }, revision]),
    'sidecar container docker.io/istio/proxyv2:1.31.0 canary',
  ],
  [
    'a native sidecar',
    patched([{ op: 'add', path: '/spec/initContainers', value: [{ ...proxy, restartPolicy: 'Always' }] }]),
    'sidecar initContainer docker.io/istio/proxyv2:1.31.0 ',
  ],
  ['a patch without proxy, as grpc-simple gives', patched([revision]), 'no-sidecar'],
  ['no patch', { response: { allowed: true } }, 'no-sidecar'],
  [
    'allowed: false',
    { response: { allowed: false, status: { message: 'no such template' } } },
    'unknown injector-refused',
  ],
  ['no AdmissionReview', { hello: 1 }, 'unknown bad-answer'],
  ['null', null, 'unknown bad-answer'],
  ['allowed is no boolean', { response: { allowed: 'yes' } }, 'unknown bad-answer'],
  ['a patch that is no base64 JSON', { response: { allowed: true, patch: '%%%' } }, 'unknown bad-answer'],
  ['a patch that is no list', patched({ op: 'add' }), 'unknown bad-answer'],
  ['a patch onto a missing parent', patched([{ op: 'add', path: '/spec/nope/0/x', value: 1 }]), 'unknown bad-answer'],
  ['a failing test operation', patched([{ op: 'test', path: '/kind', value: 'Service' }]), 'unknown bad-answer'],
  [
    'a patch that reaches for the prototype',
    patched([{ op: 'add', path: '/__proto__/polluted', value: 1 }]),
    'unknown bad-answer',
  ],
  [
    'a patch that replaces the whole pod by nothing',
    patched([{ op: 'replace', path: '', value: null }]),
    'unknown bad-answer',
  ],
  [
    'containers that are no list',
    patched([{ op: 'replace', path: '/spec/containers', value: 'x' }]),
    'unknown bad-answer',
  ],
  [
    'no container left besides a native sidecar: the API server would refuse the pod',
    patched([
      { op: 'replace', path: '/spec/containers', value: [] },
      { op: 'add', path: '/spec/initContainers', value: [{ ...proxy, restartPolicy: 'Always' }] },
    ]),
    'unknown bad-answer',
  ],
  [
    'two containers of one name',
    patched([
      { op: 'add', path: '/spec/containers/0', value: proxy },
      { op: 'add', path: '/spec/containers/0', value: proxy },
    ]),
    'unknown bad-answer',
  ],
  [
    'a proxy without image',
    patched([{ op: 'add', path: '/spec/containers/0', value: { name: 'istio-proxy' } }]),
    'unknown bad-answer',
  ],
];
for (const [name, body, expected] of rows) {
  test(name, () => {
    const answer = readAnswer(pod, body);
    const said =
      answer.kind === 'sidecar'
        ? `${answer.sidecar.placement} ${answer.sidecar.image} ${answer.sidecar.revision}`
        : answer.kind === 'unknown'
          ? answer.reason.code
          : '';
    assert.equal(said ? `${answer.kind} ${said}` : answer.kind, expected);
  });
}

test('the question is left as it was by reading an answer', () => {
  const before = JSON.stringify(pod);
  readAnswer(pod, patched([{ op: 'add', path: '/spec/containers/0', value: proxy }]));
  assert.equal(JSON.stringify(pod), before);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('how the sidecar is configured is read only where it is asked for', () => {
  const args = ['proxy'];
  const body = patched([{ op: 'add', path: '/spec/containers/0', value: { ...proxy, args } }]);
  const read = (config: boolean): unknown => {
    const answer = readAnswer(pod, body, { name: 'istio-proxy', config });
    return answer.kind === 'sidecar' && answer.sidecar.config?.container;
  };
  assert.deepEqual([read(false), read(true)], [undefined, { args }]);
});

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount';
const own = { name: 'mine', mountPath: TOKEN };
const specs: [name: string, spec: Record<string, unknown>, mounts: string[], volumes: string[]][] = [
  [
    'each container gets it',
    {
      containers: [{ name: 'a' }, { name: 'b', volumeMounts: [{ name: 'x', mountPath: '/x' }] }],
      initContainers: [{}],
    },
    ['kube-api-access-token', 'x kube-api-access-token', 'kube-api-access-token'],
    ['kube-api-access-token'],
  ],
  [
    'one that is in the template stays',
    { containers: [{ volumeMounts: [own] }, {}], volumes: [{ name: 'kube-api-access-x' }] },
    ['mine', 'kube-api-access-x'],
    ['kube-api-access-x'],
  ],
  ['the pod forbids it', { containers: [{}], automountServiceAccountToken: false }, [''], []],
  ['a template that is malformed stays as it is', { containers: [null] }, [''], []],
];
type Mounted = { readonly volumeMounts?: readonly { readonly name: string }[] } | null;
const namesOf = (list: readonly { readonly name: string }[] = []): string[] => list.map(({ name }) => name);
for (const [name, spec, mounts, volumes] of specs)
  test(`other injectors see the token of the pod’s ServiceAccount: ${name}`, () => {
    const asked = question('shop', 'web', { labels: {}, annotations: {}, spec }, { username: 'u', groups: [] });
    const { containers = [], initContainers = [], ...made } = asked.pod.spec as Readonly<Record<string, Mounted[]>>;
    assert.deepEqual(
      [...containers, ...initContainers].map((one) => namesOf(one?.volumeMounts).join(' ')),
      mounts,
    );
    assert.deepEqual(namesOf(made.volumes as never), volumes);
    assert.equal(asked.pod.spec.serviceAccountName, 'default');
  });

test('Istio’s injector is asked about the template as it is', () =>
  assert.deepEqual(pod.spec, { containers: [{ name: 'app', image: 'a', resources: {} }] }));
