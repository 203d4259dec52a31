import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterTest } from '../../jest/afterTest.ts';

/** Milliseconds that one turn may take. A request of the Lease, a probe and a stop wait for no longer. */
const LONGEST_TURN = 100;
const PATIENCE = 120_000;

interface Told {
  readonly url?: string;
  readonly patched?: string;
}

/** The next message of the cluster that is wanted. */
async function told(cluster: Worker, wanted: (message: Told) => boolean): Promise<Told> {
  for (;;) {
    const [message] = (await once(cluster, 'message', { signal: AbortSignal.timeout(PATIENCE) })) as [Told];
    if (wanted(message)) return message;
  }
}

test(
  'no turn of the event loop lasts long, whatever tenants have written',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meltemi-loop-'));
    const cluster = new Worker(new URL('worstCluster.ts', import.meta.url));
    afterTest(async () => {
      await cluster.terminate();
      rmSync(folder, { recursive: true });
    });
    const { url = '' } = await told(cluster, (message) => message.url !== undefined);
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: url } }],
        users: [{ name: 'u', user: {} }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    );
    const probe = join(folder, 'probe.json');
    const operator = spawn(
      process.execPath,
      ['--import', new URL('turnProbe.ts', import.meta.url).href, 'src/main.ts', 'run', '--kubeconfig', kubeconfig]
        .concat(['--metrics-bind-address', '0', '--health-probe-bind-address', '0', '--istiod-config-read-delay', '0s'])
        .concat(['--ignore-gate', 'unconfirmed-answer']),
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TURN_PROBE: probe } },
    );
    let log = '';
    operator.stdout.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    try {
      await told(cluster, ({ patched }) => patched !== undefined);
      cluster.postMessage('burst');
      const bursts = log.split('"Scanned"').length;
      const deadline = Date.now() + PATIENCE;
      while (log.split('"Scanned"').length <= bursts && Date.now() < deadline) await once(operator.stdout, 'data');
      assert.ok(log.split('"Scanned"').length > bursts, 'the burst was scanned');
    } finally {
      operator.kill('SIGTERM');
      await once(operator, 'exit');
    }
    const { busiest, longestDelay, seconds } = JSON.parse(readFileSync(probe, 'utf8'));
    const words =
      `busiest turn ${busiest.toFixed(0)} ms of processor time, longest delay by the clock ` +
      `${longestDelay.toFixed(0)} ms, in ${seconds.toFixed(0)} s`;
    console.info(words);
    assert.ok(busiest < LONGEST_TURN, words);
    assert.doesNotMatch(log, /Stopped leading","why":"(?!stopping)/);
  },
  3 * PATIENCE,
);
