import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { InjectorRoutes } from '../../../src/expect/injectorRoutes.ts';

const ISTIOD = { namespace: 'istio-system', name: 'istiod', port: 443 };
const CANARY = { ...ISTIOD, name: 'istiod-canary' };

/** Routes whose uses are counted. What is undefined leads somewhere; a text is why it does not. */
function routes(network: string | undefined, tunnel: string | undefined) {
  const used = { network: 0, tunnel: 0 };
  const end = (way: keyof typeof used, problem: string | undefined): void => {
    used[way] += 1;
    if (problem !== undefined) throw new Error(problem);
  };
  const all = new InjectorRoutes(async () => {
    end('tunnel', tunnel);
    return new Duplex();
  });
  const open = (service = ISTIOD): Promise<unknown> =>
    all.open(service, {
      direct: async () => {
        end('network', network);
        return {} as Socket;
      },
      through: async () => ({}) as Socket,
    });
  return { used, open };
}

test('where the network leads to a Service, no tunnel is opened', async () => {
  const { used, open } = routes(undefined, undefined);
  await Promise.all([open(), open(), open(CANARY)]);
  assert.deepEqual(used, { network: 3, tunnel: 0 });
});

test('where it does not, it is tried once, and every connection has a tunnel of its own', async () => {
  const { used, open } = routes('ECONNREFUSED', undefined);
  await Promise.all([open(), open(), open()]);
  await open();
  assert.deepEqual(used, { network: 1, tunnel: 4 });
});

test('each Service has a route of its own', async () => {
  const { used, open } = routes('ECONNREFUSED', undefined);
  await Promise.all([open(), open(CANARY)]);
  assert.deepEqual(used, { network: 2, tunnel: 2 });
});

test('where neither leads to it, both reasons are told', async () => {
  const { open } = routes('timed out', 'no pod is ready');
  for (const _ of [1, 2]) await assert.rejects(open(), /^Error: timed out; by a port-forward: no pod is ready$/);
});
