import { isConflict } from '../../src/cluster/apiError.ts';
import { KubeClient } from '../../src/cluster/client.ts';
import { KubeCluster } from '../../src/cluster/kubeCluster.ts';
import { loadKubeconfig } from '../../src/cluster/kubeconfig.ts';
import { LeaderElection } from '../../src/leader/leaderElection.ts';
import { NotLeading } from '../../src/leader/leadership.ts';
import { PagedPodSource } from '../../src/pods/podSource.ts';

/**
 * One who wants to lead, as a process: elector.ts KUBECONFIG NAMESPACE IDENTITY. It patches the Deployment `web` again and again and leaves
 * it to the fence alone to keep that back, without a resourceVersion: what the fence lets through is what the API server gets. Says what
 * happens, a JSON object a line.
 */
const [path = '', namespace = '', identity = ''] = process.argv.slice(2);
const EVERY_MS = 50;

const say = (said: string, detail: unknown = ''): boolean =>
  process.stdout.write(`${JSON.stringify({ said, detail })}\n`);
const client = new KubeClient({ config: loadKubeconfig({ path, env: {} }).config, userAgent: 'elector' });
const listener = {
  acquired: () => void say('acquired'),
  lost: (why: string) => void say('lost', why),
  standingBy: (holder: string) => void say('standing by', holder),
  trouble: (error: unknown) => void say('trouble', String(error)),
};
const election = new LeaderElection({ client, namespace, identity, listener, now: Date.now });
const cluster = new KubeCluster(client, new PagedPodSource(client), Date.now, () => election.assertLeading());

const WEB = { kind: 'Deployment', namespace, name: 'web' } as const;
let passed = false;
let writing = false;
let count = 0;
async function write(): Promise<void> {
  if (writing) return;
  writing = true;
  try {
    count += 1;
    // as every write of the operator: onto the very version that was read, so that one which was already on its way when the process stood
    // still cannot land after another's
    const resourceVersion = (await cluster.workload(WEB))?.resourceVersion;
    await cluster.patch(WEB, { metadata: { resourceVersion, annotations: { writer: `${identity} ${count}` } } });
    if (!passed) say('wrote');
    passed = true;
  } catch (error) {
    if (isConflict(error)) return;
    if (!(error instanceof NotLeading)) say('write failed', String(error));
    else if (passed) say('refused');
    passed = false;
  } finally {
    writing = false;
  }
}

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
election.onPauseState((pauseState) => say('pauseState', pauseState));
const writer = setInterval(() => void write(), EVERY_MS);
await election.run(stop.signal);
clearInterval(writer);
await client.close();
