import type { Fields } from '../unit/cluster/protobufEncoder.ts';

const literal = (name: string, value: string): Fields => ({ 1: name, 2: value });
const fieldRef = (name: string, path: string): Fields => ({ 1: name, 3: { 1: { 1: 'v1', 2: path } } });
const resource = (name: string, of: string): Fields => ({ 1: name, 3: { 2: { 1: '', 2: of, 3: { 1: '1' } } } });
const mount = (name: string, path: string): Fields => ({ 1: name, 2: false, 3: path, 4: '' });
const quantities = (cpu: string, memory: string): Fields[] => [
  { 1: 'cpu', 2: { 1: cpu } },
  { 1: 'memory', 2: { 1: memory } },
];
const probe = (seconds: number): Fields => ({
  1: { 2: { 1: '/healthz/ready', 2: { 1: 0, 2: 15021, 3: '' }, 3: '', 4: 'HTTP' } },
  2: 0,
  3: 3,
  4: seconds,
  5: 1,
  6: 4,
});

const proxy = (deployment: string, suffix: string): Fields => ({
  1: 'istio-proxy',
  2: 'docker.io/istio/proxyv2:1.31.0',
  4: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local', '--proxyLogLevel=warning'],
  5: '',
  6: [{ 1: 'http-envoy-prom', 2: 0, 3: 15090, 4: 'TCP', 5: '' }],
  7: [
    literal('PILOT_CERT_PROVIDER', 'istiod'),
    literal('CA_ADDR', 'istiod.istio-system.svc:15012'),
    ...['POD_NAME', 'POD_NAMESPACE', 'INSTANCE_IP', 'HOST_IP'].map((name) => fieldRef(name, 'status.podIP')),
    resource('ISTIO_CPU_LIMIT', 'limits.cpu'),
    literal('PROXY_CONFIG', JSON.stringify({ discoveryAddress: 'istiod.istio-system.svc:15012', proxyMetadata: {} })),
    literal('ISTIO_META_POD_PORTS', '[\n    {"name":"http","containerPort":8080,"protocol":"TCP"}\n]'),
    literal('ISTIO_META_APP_CONTAINERS', 'app'),
    resource('GOMEMLIMIT', 'limits.memory'),
    resource('GOMAXPROCS', 'limits.cpu'),
    literal('ISTIO_META_CLUSTER_ID', 'Kubernetes'),
    literal('ISTIO_META_INTERCEPTION_MODE', 'REDIRECT'),
    literal('ISTIO_META_WORKLOAD_NAME', deployment),
    literal('ISTIO_META_OWNER', `kubernetes://apis/apps/v1/namespaces/shop/deployments/${deployment}`),
    literal('ISTIO_META_MESH_ID', 'cluster.local'),
    literal('TRUST_DOMAIN', 'cluster.local'),
  ],
  8: { 1: quantities('2', '1Gi'), 2: quantities('100m', '128Mi') },
  9: [
    mount('workload-socket', '/var/run/secrets/workload-spiffe-uds'),
    mount('credential-socket', '/var/run/secrets/credential-uds'),
    mount('workload-certs', '/var/run/secrets/workload-spiffe-credentials'),
    mount('istiod-ca-cert', '/var/run/secrets/istio'),
    mount('istio-data', '/var/lib/istio/data'),
    mount('istio-envoy', '/etc/istio/proxy'),
    mount('istio-token', '/var/run/secrets/tokens'),
    mount('istio-podinfo', '/etc/istio/pod'),
    mount(`kube-api-access-${suffix}`, '/var/run/secrets/kubernetes.io/serviceaccount'),
  ],
  11: probe(15),
  13: '/dev/termination-log',
  14: 'IfNotPresent',
  15: { 1: { 2: ['ALL'] }, 2: false, 4: 1337, 5: true, 6: true, 7: false, 8: 1337 },
  22: probe(1),
});

/** A pod of a Deployment, as the API server stores it, with the proxy that Istio injects. */
export function injectedPod(deployment: string, index: number): Fields {
  const suffix = index.toString(36).padStart(5, 'x');
  return {
    1: {
      1: `${deployment}-5d4f-${suffix}`,
      3: 'shop',
      5: `uid-${index}`,
      8: { 1: 1_700_000_000 },
      11: [
        { 1: 'app', 2: deployment },
        { 1: 'pod-template-hash', 2: '5d4f' },
      ],
      12: [
        { 1: 'istio.io/rev', 2: 'default' },
        { 1: 'sidecar.istio.io/status', 2: `{"containers":["istio-proxy"],"volumes":["${'x'.repeat(300)}"]}` },
      ],
      13: [{ 1: 'ReplicaSet', 3: `${deployment}-5d4f`, 4: `rs-${deployment}`, 5: 'apps/v1', 6: true }],
      17: [{ 1: 'kubelet', 7: { 1: 'f'.repeat(2500) } }],
    },
    2: { 2: [{ 1: 'app', 2: 'web:1', 7: [literal('A', 'b')] }, proxy(deployment, suffix)], 10: 'node-1' },
    3: { 1: 'Running', 2: [{ 1: 'Ready', 2: 'True' }], 8: [{ 1: 'istio-proxy', 6: 's'.repeat(600) }] },
  };
}
