import { messageOf } from '../messageOf.ts';
import { escaped } from '../report/escaped.ts';
import { jsonText, yamlText } from '../report/machineText.ts';
import type { ClusterStatus, UnreadCluster } from '../status/clusterStatus.ts';
import { clusterRows, clusterTable } from '../status/clusterTable.ts';
import { statusOf } from '../status/statusOf.ts';
import { contextsOf } from './contexts.ts';
import { type LeaseFacts, leaseFacts, leaseStatus } from './leaseStatus.ts';
import type { LeaseLookup } from './leases.ts';
import { type PlannedCluster, planCommand } from './planCommand.ts';
import type { Settings } from './settings.ts';
import type { Streams } from './streams.ts';

const FAILED = 1;
const WRONG_USAGE = 2;
const WIDTH = 200;
const WARNING_LIMIT = 1000;

interface Made {
  readonly cluster: string;
  readonly planned?: PlannedCluster;
  readonly error: string;
  readonly code: number;
}

/**
 * Plans several clusters side by side, and prints one line for each. One that cannot be planned does not keep the others from it.
 * @returns the exit code: 1 if a cluster could not be planned, or else the greatest of those of the plans
 * @throws {Error} for a context that does not exist
 */
export async function planClusters(
  asked: Settings,
  given: ReadonlySet<string>,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  const [wrong] = [
    asked.explain && '--explain',
    asked.if.length > 0 && '--if',
    asked.injectorAddress && '--injector-address',
    asked.context && '--context',
  ].filter(Boolean);
  if (wrong) {
    streams.error.write(`error: ${wrong} is about one cluster, so it cannot be given with --contexts\n`);
    return WRONG_USAGE;
  }
  const names = contextsOf(asked, streams) ?? [];
  const quiet = { ...streams, out: SILENT, error: SILENT };
  const all = await Promise.all(
    names.map(async (cluster): Promise<Made> => {
      const seen: { planned?: PlannedCluster } = {};
      try {
        const code = await planCommand(
          { ...asked, context: cluster, contexts: [] },
          given,
          quiet,
          signal,
          (planned) => {
            seen.planned = planned;
          },
        );
        return { cluster, ...seen, error: 'no plan', code };
      } catch (error) {
        return { cluster, error: messageOf(error), code: FAILED };
      }
    }),
  );
  for (const { cluster, planned } of all)
    for (const words of planned?.warnings ?? [])
      streams.error.write(`warning: ${escaped(`${cluster}: ${words}`, WARNING_LIMIT)}\n`);
  streams.out.write(clustersText(all, asked, streams));
  return all.some(({ planned }) => !planned) ? FAILED : Math.max(0, ...all.map(({ code }) => code));
}

/** The plans of single clusters print nothing. */
const SILENT = { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream;

function clustersText(all: readonly Made[], { output }: Settings, { out, environment }: Streams): string {
  if (output !== 'table') {
    const clusters = all.map(({ cluster, planned, error }) =>
      planned ? { cluster, workloads: planned.rows, warnings: planned.warnings } : { cluster, error },
    );
    return output === 'json' ? `${jsonText({ clusters }, 2)}\n` : yamlText({ clusters });
  }
  const colour = out.isTTY === true && !environment.NO_COLOR;
  const width = out.isTTY ? out.columns || WIDTH : WIDTH;
  return `${clusterTable(clusterRows(all.map(statusMade)), { width, colour, now: Date.now() }).join('\n')}\n`;
}

/** A plan as a status, so that both have the same line. */
function statusMade({ cluster, planned, error }: Made): ClusterStatus | UnreadCluster {
  if (!planned) return { cluster, error };
  const { evaluation, wall, entries, notes, paused, lookup, warnings } = planned;
  return {
    cluster,
    ...factsIn(lookup, wall),
    document: statusOf(evaluation, { wall, entries, notes, paused }),
    rollouts: new Map(),
    warnings,
  };
}

/** What is not known to be without a leader is not said to be. */
function factsIn(lookup: LeaseLookup, wall: number): LeaseFacts {
  if (lookup.kind !== 'found') return { home: '', leader: { holder: '', isAlive: lookup.kind === 'unknown' } };
  const status = leaseStatus(lookup.lease, wall);
  return 'error' in status ? leaseFacts(lookup.lease, wall) : status;
}
