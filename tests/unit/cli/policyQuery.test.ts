import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meltemi } from './ran.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-query-'));
const server = createServer((request, response) => {
  request.resume();
  const value = request.url?.startsWith('/bad') ? '0.2' : '0.004';
  if (request.url?.startsWith('/down')) response.destroy();
  else
    response.end(
      JSON.stringify({
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: {}, value: [0, value] }] },
      }),
    );
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function policyWith(...names: string[]): string {
  const { port } = server.address() as AddressInfo;
  const metricGates = names.map((name) => ({
    name,
    prometheus: `http://127.0.0.1:${port}/${name}`,
    query: 'errors',
    max: '0.01',
  }));
  const path = join(folder, `${names.join('-') || 'none'}.yaml`);
  writeFileSync(path, JSON.stringify({ metricGates }));
  return path;
}

const ROWS: readonly [name: string, gates: string[], code: number, states: string[]][] = [
  ['open and closed gates have answered', ['good', 'bad'], 0, ['good open', 'bad closed']],
  ['a gate without an answer is an error', ['good', 'down'], 1, ['good open', 'down no answer']],
  ['a policy without gates has nothing to try', [], 0, []],
];
for (const [name, gates, code, states] of ROWS)
  test(`policy check --query: ${name}`, async () => {
    const ran = await meltemi(['policy', 'check', policyWith(...gates), '--query', '-o', 'json']);
    const { metricGates } = JSON.parse(ran.out) as { metricGates: readonly { name: string; state: string }[] };
    assert.deepEqual([ran.code, metricGates.map((one) => `${one.name} ${one.state}`)], [code, states], ran.error);
  });

test('policy check --query shows value, bound and query', async () => {
  const { out } = await meltemi(['policy', 'check', policyWith('bad'), '--query']);
  for (const line of [
    'state: closed',
    'detail: 0.2 is above the maximum of 0.01',
    'bound: at most 0.01',
    'query: errors',
  ])
    assert.ok(out.includes(line), out);
});

test('policy check --query asks nothing if the policy has a mistake', async () => {
  const path = join(folder, 'wrong.yaml');
  writeFileSync(path, 'maxInFlight: 0');
  const { code, error } = await meltemi(['policy', 'check', path, '--query']);
  assert.equal(code, 1);
  assert.match(error, /maxInFlight/);
});
