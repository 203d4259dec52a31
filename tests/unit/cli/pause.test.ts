import assert from 'node:assert/strict';
import { afterTest } from '../../jest/afterTest.ts';
import { MeshServer } from './meshServer.ts';
import { meltemi } from './ran.ts';

const rows: [name: string, leases: string[], words: string][] = [
  ['the only one there is', ['ops'], 'there is one in ops: use -n ops'],
  [
    'of several none, because anybody may make a Lease of that name in a namespace of their own',
    ['ops', 'aardvark'],
    'there is one in aardvark, ops: use -n with the namespace that meltemi runs in',
  ],
];
for (const [name, leases, words] of rows)
  test(`where there is no Lease to pause, a command is proposed: ${name}`, async () => {
    const server = await new MeshServer().listen();
    afterTest(() => server[Symbol.asyncDispose]());
    for (const namespace of leases) server.lease(namespace, {});
    const { error, code } = await meltemi(['pause', '--kubeconfig', server.kubeconfig()]);
    assert.deepEqual([error, code], [`error: namespace default has no Lease meltemi; ${words}\n`, 1]);
  });
