import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

/**
 * An injector in a thread of its own, so that only the work of whoever asks is seen in the asker's event loop. The path of the URL names
 * the answer; each is as large, or makes as much work, as its kind can.
 */

const MEGABYTE = 1024 * 1024;
const many = (count: number, each: (index: number) => object): object[] =>
  Array.from({ length: count }, (_, i) => each(i));
const proxy = {
  op: 'add',
  path: '/spec/containers/-',
  value: { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.31.0' },
};

/** JSON as Go writes it. */
const asGo = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
/** What istiod makes of a container `app` whose env is 1.5 MB of `<`: once in the patch, and once as JSON within JSON. */
const env = '<'.repeat(1.5 * MEGABYTE);
const overrides = (): string =>
  asGo([
    { op: 'add', path: '/metadata/annotations/proxy.istio.io~1overrides', value: asGo({ containers: [{ env }] }) },
    { op: 'replace', path: '/spec/containers/0', value: { name: 'app', env: [{ name: 'E', value: env }] } },
    proxy,
  ]);

const PATCHES: Readonly<Record<string, () => string>> = {
  '/overrides': overrides,
  '/operations': () =>
    JSON.stringify([
      ...many(9999, (i) => ({ op: 'add', path: `/metadata/labels/l${i}`, value: 'x'.repeat(100) })),
      proxy,
    ]),
  '/moves': () =>
    JSON.stringify(
      many(10_000, (i) => ({
        op: 'move',
        from: `/spec/${i % 2 ? 'b' : 'volumes'}`,
        path: `/spec/${i % 2 ? 'volumes' : 'b'}`,
      })),
    ),
  '/shifts': () => JSON.stringify(many(10_000, () => ({ op: 'add', path: '/spec/volumes/0', value: {} }))),
  '/nested': () => `[{"op":"add","path":"/spec/x","value":${'['.repeat(5 * MEGABYTE)}${']'.repeat(5 * MEGABYTE)}}]`,
};

const bodies = new Map<string, Buffer>();
function bodyOf(path: string): Buffer {
  const known = bodies.get(path);
  if (known) return known;
  const patch = Buffer.from(PATCHES[path]?.() ?? '[]').toString('base64');
  const body = Buffer.from(JSON.stringify({ response: { allowed: true, patchType: 'JSONPatch', patch } }));
  bodies.set(path, body);
  return body;
}

const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(bodyOf(request.url ?? ''));
  });
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
