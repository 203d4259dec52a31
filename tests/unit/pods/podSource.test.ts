import assert from 'node:assert/strict';
import { ApiError, statusError } from '../../../src/cluster/apiError.ts';
import { ListExpired } from '../../../src/cluster/list.ts';
import type { PodFacts } from '../../../src/model.ts';
import { interner } from '../../../src/pods/interner.ts';
import { podListFromProtobuf } from '../../../src/pods/podProtobuf.ts';
import { PagedPodSource, podListFromJson } from '../../../src/pods/podSource.ts';
import type { RawContainer, RawOwner, RawPod } from '../../../src/pods/rawPod.ts';
import { SidecarConfigs } from '../../../src/pods/sidecarConfig.ts';
import { FakeApi } from '../cluster/fakeApi.ts';
import { encode, enveloped, type Fields, type Value } from '../cluster/protobufEncoder.ts';

const PODS: readonly RawPod[] = [
  {
    metadata: {
      name: 'web-5d4f-abc',
      namespace: 'shop',
      uid: 'uid-1',
      creationTimestamp: '2023-11-14T22:13:20Z',
      labels: { app: 'web', 'pod-template-hash': '5d4f' },
      annotations: {
        'istio.io/rev': 'canary',
        other: 'x'.repeat(400),
        'sidecar.istio.io/status': '{"revision":"canary"}',
      },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f', uid: 'rs-1', controller: true }],
    },
    spec: {
      nodeName: 'node-1',
      containers: [
        { name: 'app', image: 'web:1' },
        { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.2' },
      ],
      initContainers: [{ name: 'istio-init', image: 'docker.io/istio/proxyv2:1.30.2' }],
    },
    status: {
      phase: 'Running',
      conditions: [
        { type: 'PodScheduled', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
    },
  },
  {
    metadata: {
      name: 'db-0',
      namespace: 'shop',
      uid: 'uid-2',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      labels: {},
      annotations: {},
    },
    spec: {
      containers: [{ name: 'db', image: 'db:1' }],
      initContainers: [{ name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.2', restartPolicy: 'Always' }],
    },
    status: { phase: 'Pending', conditions: [{ type: 'Ready', status: 'False' }] },
  },
  { metadata: { name: 'naïve-☃', namespace: 'x', uid: 'uid-3', labels: { 'rollouts-pod-template-hash': 'f00' } } },
];

function given(fields: Record<number, Value | undefined>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

const map = (entries: Readonly<Record<string, string>> = {}): Value =>
  Object.entries(entries).map(([key, value]) => ({ 1: key, 2: value }));

const owner = ({ apiVersion, kind, name, uid, controller }: RawOwner): Fields =>
  given({ 1: kind, 3: name, 4: uid, 5: apiVersion, 6: controller, 7: true });

const container = ({ name, image, restartPolicy }: RawContainer): Fields =>
  given({
    1: name,
    2: image,
    3: ['sh', '-c'],
    7: [{ 1: 'istio-proxy', 2: 'no name' }],
    14: 'Always',
    24: restartPolicy,
  });

/** Field numbers as in k8s.io/api core/v1 and apimachinery meta/v1, with some that are not read in between. */
function encodedPod({ metadata = {}, spec = {}, status = {} }: RawPod): Fields {
  const {
    name,
    namespace,
    uid,
    labels,
    annotations,
    creationTimestamp,
    deletionTimestamp,
    ownerReferences = [],
  } = metadata;
  return {
    1: given({
      1: name,
      2: 'web-',
      3: namespace,
      5: uid,
      6: '123',
      7: 4,
      8: creationTimestamp && { 1: Date.parse(String(creationTimestamp)) / 1000 },
      9: deletionTimestamp && { 1: 1_767_225_600 },
      11: map(labels),
      12: map(annotations),
      13: ownerReferences.map(owner),
      17: [{ 1: 'kubelet', 7: { 1: '{"f:metadata":{}}' } }],
    }),
    2: {
      1: [{ 1: 'volume' }],
      2: (spec.containers ?? []).map(container),
      3: 'Always',
      10: spec.nodeName ?? '',
      ...(spec.hostNetwork && { 11: true }),
      20: (spec.initContainers ?? []).map(container),
    },
    3: given({
      1: status.phase,
      2: (status.conditions ?? []).map(({ type, status: is }) => given({ 1: type, 2: is, 4: { 1: 1_700_000_000 } })),
      8: [{ 1: 'istio-proxy', 2: { 2: { 1: { 1: 5 } } }, 6: 'image-of-a-status' }],
    }),
  };
}

const podList = (pods: readonly RawPod[], continued = ''): Buffer =>
  encode({ 1: { 2: '77', 3: continued }, 2: pods.map(encodedPod) });
const protobuf = (pods: readonly RawPod[], continued = ''): Buffer => enveloped('PodList', podList(pods, continued));
const json = (pods: readonly RawPod[], continued = ''): Buffer =>
  Buffer.from(JSON.stringify({ kind: 'PodList', metadata: { continue: continued }, items: pods }));

const decode = (bytes: Buffer): PodFacts[] => podListFromProtobuf(bytes, interner()).pods;
const answer = (body: Buffer, contentType = 'application/vnd.kubernetes.protobuf') => ({
  status: 200,
  contentType,
  body,
});
const expired = statusError({ method: 'GET', path: '/api/v1/pods' }, { code: 410, reason: 'Expired' });

describe('pod lists in protobuf and JSON', () => {
  it('give the same facts of the same pods', () => {
    const read = decode(protobuf(PODS));
    assert.deepEqual(read, podListFromJson(json(PODS), interner()).pods);
    assert.deepEqual(read[0], {
      namespace: 'shop',
      name: 'web-5d4f-abc',
      uid: 'uid-1',
      owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-5d4f', uid: 'rs-1' },
      templateHash: '5d4f',
      createdAt: 1_700_000_000_000,
      node: 'node-1',
      phase: 'Running',
      ready: true,
      deleting: false,
      sidecar: { placement: 'container', image: 'docker.io/istio/proxyv2:1.30.2', revision: 'canary', injected: true },
    });
    assert.deepEqual(
      [read[1]?.deleting, read[1]?.sidecar.placement, read[2]?.name],
      [true, 'initContainer', 'naïve-☃'],
    );
  });

  it('give the same sample of a pod that may belong to no workload, and none of others', () => {
    const annotations = {
      'istio.io/rev': 'canary',
      'sidecar.istio.io/status': '{}',
      'sidecar.istio.io/proxyImage': 'mine',
      'evilistio.io/x': 'y',
      'kubectl.kubernetes.io/last-applied-configuration': 'secret',
      'karpenter.sh/do-not-disrupt': 'true',
    };
    const metadata = { name: 'alone', namespace: 'shop', uid: 'u', labels: { app: 'a', tier: 'b' }, annotations };
    const pods = [...PODS, { metadata, spec: { hostNetwork: true } }];
    const isSampled = (_owner: unknown, { templateHash }: { readonly templateHash: string }) => templateHash === '';
    const read = podListFromProtobuf(protobuf(pods), interner(), { isSampled }).pods;
    assert.deepEqual(read, podListFromJson(json(pods), interner(), { isSampled }).pods);
    assert.equal(read[0]?.sample, undefined);
    assert.deepEqual(read[3]?.sample, {
      labels: { app: 'a', tier: 'b' },
      annotations: { 'sidecar.istio.io/proxyImage': 'mine' },
      hostNetwork: true,
      isOverridden: false,
    });
    assert.equal(read[3]?.doNotDisrupt, 'karpenter.sh/do-not-disrupt: "true"');
  });

  it('give the same configuration of sidecars, where it is read', () => {
    const configs = new SidecarConfigs();
    const [read] = podListFromProtobuf(protobuf(PODS), interner(), { config: true }, configs).pods;
    assert.deepEqual(read?.sidecar.config?.container, {
      command: ['sh', '-c'],
      env: [{ name: 'istio-proxy', value: 'no name' }],
    });
    const same = { name: 'istio-proxy', command: ['sh', '-c'], env: [{ name: 'istio-proxy', value: 'no name' }] };
    const raw = json([{ metadata: { name: 'a', uid: 'b' }, spec: { containers: [same] } }]);
    assert.deepEqual(
      podListFromJson(raw, interner(), { config: true }, configs).pods[0]?.sidecar.config?.container,
      read?.sidecar.config?.container,
    );
    assert.equal('config' in (podListFromJson(raw, interner()).pods[0]?.sidecar ?? {}), false);
  });

  it('give the same token for the next page', () => {
    assert.equal(podListFromProtobuf(protobuf(PODS, 'next'), interner()).continued, 'next');
    assert.equal(podListFromJson(json(PODS, 'next'), interner()).continued, 'next');
  });

  it('are empty when there are no pods', () => {
    assert.deepEqual(decode(protobuf([])), []);
    assert.deepEqual(podListFromJson(Buffer.from('{"kind":"PodList","items":null}'), interner()).pods, []);
  });

  it('read a map entry whose value comes before its key', () => {
    const backwards = Buffer.concat([encode({ 2: 'canary' }), encode({ 1: 'istio.io/rev' })]);
    const bytes = enveloped('PodList', encode({ 2: [{ 1: { 1: 'web', 5: 'u', 12: [backwards] } }] }));
    assert.equal(decode(bytes)[0]?.sidecar.revision, 'canary');
  });

  it('are refused when cut off at any byte', () => {
    const bytes = protobuf(PODS);
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => decode(bytes.subarray(0, length)), { name: 'ProtobufError' }, `cut at ${length}`);
    }
  });

  it('are refused when they are something else', () => {
    assert.throws(() => decode(Buffer.from('{"kind":"PodList"}')), /does not start with/);
    assert.throws(() => decode(enveloped('Status', encode({ 2: 'Failure' }))), /a Status instead of a PodList/);
    assert.throws(() => decode(enveloped('PodList', podList([]), { 3: 'gzip' })), /content encoding gzip/);
    assert.throws(() => decode(enveloped('PodList', podList([{ metadata: { name: 'web' } }]))), /no name or no uid/);
    assert.throws(() => podListFromJson(Buffer.from('{"kind":"Status"}'), interner()), /a Status instead/);
  });
});

describe('PagedPodSource', () => {
  it('hands pods on page by page and asks for 500 at a time in protobuf', async () => {
    const api = new FakeApi([answer(protobuf(PODS, 'next')), answer(protobuf(PODS.slice(1)))]);
    const scan = { namespace: 'shop', fieldSelector: 'status.phase!=Failed', labelSelector: 'app=web' };
    const pages = await Array.fromAsync(new PagedPodSource(api).pods(scan));
    assert.deepEqual(
      pages.map(({ length }) => length),
      [3, 2],
    );
    const [first, second] = api.lists;
    assert.equal(first?.path, '/api/v1/namespaces/shop/pods');
    const selectors = { fieldSelector: 'status.phase!=Failed', labelSelector: 'app=web' };
    assert.deepEqual(first?.query, { limit: 500, continue: undefined, ...selectors });
    assert.deepEqual(second?.query, { limit: 500, continue: 'next', ...selectors });
    assert.match(first?.accept ?? '', /^application\/vnd\.kubernetes\.protobuf/);
  });

  it('reads JSON where the server answers so', async () => {
    const api = new FakeApi([answer(json(PODS), 'application/json')]);
    assert.deepEqual(await Array.fromAsync(new PagedPodSource(api).pods({})), [decode(protobuf(PODS))]);
  });

  it('throws ListExpired when the list grew too old between pages', async () => {
    const pages = new PagedPodSource(new FakeApi([answer(protobuf(PODS, 'old')), expired])).pods({});
    assert.equal((await pages.next()).value?.length, 3);
    await assert.rejects(pages.next(), ListExpired);
  });

  it('throws an ApiError for a page that cannot be read, and keeps its contents to itself', async () => {
    const bodies: [Buffer, string][] = [
      [protobuf(PODS).subarray(0, 200), 'application/vnd.kubernetes.protobuf'],
      [Buffer.from('<html>secret'), 'text/html'],
    ];
    for (const [body, contentType] of bodies) {
      const pages = new PagedPodSource(new FakeApi([answer(body, contentType)])).pods({});
      await assert.rejects(pages.next(), (error) => {
        assert.ok(error instanceof ApiError);
        assert.equal(error.reason, 'Malformed');
        assert.match(error.message, /the list of pods cannot be read/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      });
    }
  });
});
