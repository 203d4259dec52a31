import { untilAborted } from '../cluster/callLimit.ts';
import { messageOf } from '../messageOf.ts';
import { type ClusterStatus, isUnread, type RolloutFacts, type UnreadCluster } from '../status/clusterStatus.ts';
import { type Connected, connected, contextsOf } from './contexts.ts';
import { leaseStatus } from './leaseStatus.ts';
import { locateLease, PATIENCE } from './locateLease.ts';
import { readRollouts, unreadWords } from './rollouts.ts';
import type { Settings } from './settings.ts';
import { shownAs, showsRollouts, statusOutput } from './statusOutput.ts';
import type { Streams } from './streams.ts';
import { watchStatus } from './watchStatus.ts';

const OK = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/**
 * Shows what the leader publishes on its Lease, and what the controllers of workloads in flight say. It writes nothing.
 * @returns the exit code
 * @throws {Error} when the only cluster cannot be read; the message is for users
 */
export async function statusCommand(settings: Settings, streams: Streams, signal: AbortSignal): Promise<number> {
  const { contexts, context } = settings;
  if (contexts.length > 0 && context !== '') {
    streams.error.write('error: give --context or --contexts, not both\n');
    return WRONG_USAGE;
  }
  const names = contextsOf(settings, streams);
  const connections = (names ?? [context]).map((name) => connected({ ...settings, context: name }, streams));
  const shown = shownAs(settings);
  try {
    if (settings.watch) return await watchStatus({ connections, shown, settings, streams }, signal);
    const all = await Promise.all(connections.map((one) => readOnce(one, showsRollouts(settings), signal)));
    const [first] = all;
    if (names === undefined && first && isUnread(first)) throw new Error(first.error);
    streams.out.write(statusOutput(all, shown, settings, streams));
    return all.some(isUnread) ? FAILED : OK;
  } finally {
    await Promise.all(connections.map(({ connection }) => connection?.client.close()));
  }
}

/** Reads one cluster within a time limit, so that one that has stopped answering does not keep the others from being shown. */
async function readOnce(
  { name, connection, error }: Connected,
  withRollouts: boolean,
  signal: AbortSignal,
): Promise<ClusterStatus | UnreadCluster> {
  if (!connection) return { cluster: name, error: error ?? '' };
  const late = AbortSignal.timeout(PATIENCE);
  try {
    const now = Date.now();
    const status = leaseStatus(await locateLease(connection, signal), now);
    if ('error' in status) return { cluster: name, error: status.error };
    const warnings: string[] = [];
    const warn = (words: string): void => {
      if (!warnings.includes(words)) warnings.push(words);
    };
    const rollouts = withRollouts
      ? await untilAborted(readRollouts(connection.cluster, status.document.workloads, now, warn), late).catch(() => {
          const failure = new Error(`no answer within ${PATIENCE / 1000} s`);
          warn(unreadWords(failure, 'the rollouts of workloads in flight'));
          return new Map<string, RolloutFacts>();
        })
      : new Map<string, RolloutFacts>();
    return { cluster: name, ...status, rollouts, warnings };
  } catch (failure) {
    return { cluster: name, error: messageOf(failure) };
  }
}
