import assert from 'node:assert/strict';
import type { Api } from '../../../src/cluster/api.ts';
import { serviceBackend } from '../../../src/cluster/serviceBackend.ts';

const SERVICE = { spec: { selector: { app: 'istiod' }, ports: [{ port: 443, targetPort: 15017 }] } };

const pod = (name: string, ready = 'True', more: object = {}, ports: readonly object[] = []) => ({
  metadata: { name, ...more },
  spec: { containers: [{ ports }] },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

/** An API server with a Service, and the pods that it selects. */
function api(service: object, pods: readonly object[]): Api {
  const request = async ({ path, query }: { path: string; query?: { labelSelector?: unknown } }) => {
    if (path.endsWith('/services/istiod')) return service;
    assert.equal(query?.labelSelector, 'app=istiod');
    return { metadata: { resourceVersion: '1' }, items: pods };
  };
  return { request } as unknown as Api;
}

const PORT = [{ name: 'webhook', containerPort: 15017 }];
const named = { spec: { ...SERVICE.spec, ports: [{ port: 443, targetPort: 'webhook' }] } };
const backends: [name: string, service: object, pods: object[], port: number][] = [
  ['the target port', SERVICE, [pod('a')], 15017],
  ['the target port by its name in the pod', named, [pod('a', 'True', {}, PORT)], 15017],
  ['without a target port, the port itself', { spec: { ...SERVICE.spec, ports: [{ port: 443 }] } }, [pod('a')], 443],
];
for (const [name, service, pods, port] of backends)
  test(`the port of a Service’s pod: ${name}`, async () =>
    assert.deepEqual(await serviceBackend(api(service, pods), { namespace: 'i', name: 'istiod' }, 443), {
      pod: 'a',
      port,
    }));

test('the first ready pod that is not being deleted serves', async () => {
  const pods = [
    pod('starting', 'False'),
    pod('ending', 'True', { deletionTimestamp: '2026-11-26T10:00:00Z' }),
    pod('ready'),
  ];
  assert.equal((await serviceBackend(api(SERVICE, pods), { namespace: 'i', name: 'istiod' }, 443)).pod, 'ready');
});

const without: [name: string, service: object, pods: object[], message: RegExp][] = [
  ['a Service without a selector', { spec: { ports: SERVICE.spec.ports } }, [], /Service i\/istiod selects no pods/],
  ['an ExternalName', { spec: { ...SERVICE.spec, type: 'ExternalName' } }, [], /selects no pods/],
  ['another port', { spec: { ...SERVICE.spec, ports: [{ port: 15012 }] } }, [], /Service i\/istiod has no port 443/],
  [
    'no ready pod',
    SERVICE,
    [pod('a', 'False'), pod('b', 'Unknown')],
    /none of the 2 pods of Service i\/istiod is ready/,
  ],
  ['a name that no port of the pod has', named, [pod('a')], /pod a has no port webhook/],
  ['fields of other types', { spec: { selector: 'app=istiod' } }, [], /Service i\/istiod cannot be read/],
];
for (const [name, service, pods, message] of without)
  test(`no backend: ${name}`, () =>
    assert.rejects(serviceBackend(api(service, pods), { namespace: 'i', name: 'istiod' }, 443), message));
