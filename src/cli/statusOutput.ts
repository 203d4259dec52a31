import { escaped } from '../report/escaped.ts';
import { jsonText, yamlText } from '../report/machineText.ts';
import { chosenStatus } from '../status/chosenStatus.ts';
import { type ClusterStatus, isUnread, type StatusChoice, type UnreadCluster } from '../status/clusterStatus.ts';
import { clusterRows, clusterTable } from '../status/clusterTable.ts';
import { frame } from '../status/frame.ts';
import type { FrameOptions } from '../status/section.ts';
import { statusObject } from '../status/statusObject.ts';
import type { Settings } from './settings.ts';
import type { Streams } from './streams.ts';

const ERROR_LIMIT = 2000;
/** The width of what is not written to a terminal. */
const PIPE_WIDTH = 200;

/** Clusters as they are shown: one by itself, or several in a table. */
export type Shown = (all: readonly (ClusterStatus | UnreadCluster)[], options: FrameOptions) => string[];

/** One frame for one cluster, and a table for several. */
export function shownAs(settings: Pick<Settings, 'contexts' | 'namespace' | 'run'>): Shown {
  const choice = choiceOf(settings);
  const chosen = (one: ClusterStatus | UnreadCluster) => (isUnread(one) ? one : chosenStatus(one, choice));
  if (settings.contexts.length > 0) return (all, options) => clusterTable(clusterRows(all.map(chosen)), options);
  return (all, options) => all.map(chosen).flatMap((one) => (isUnread(one) ? [unreadLine(one)] : frame(one, options)));
}

/** Why one cluster shows nothing, in a line. */
export const unreadLine = ({ error, isComing }: UnreadCluster): string =>
  escaped(`${isComing ? 'waiting' : 'error'}: ${error}`, ERROR_LIMIT);

/** The text of one look. JSON and YAML have one object for one cluster, and a list of them for several. */
export function statusOutput(
  all: readonly (ClusterStatus | UnreadCluster)[],
  shown: Shown,
  settings: Pick<Settings, 'output' | 'contexts' | 'namespace' | 'run' | 'watch'>,
  { out, environment }: Pick<Streams, 'out' | 'environment'>,
): string {
  const { output } = settings;
  if (output !== 'table') {
    const objects = all.map((one) =>
      isUnread(one) ? { cluster: one.cluster, error: one.error } : statusObject(chosenStatus(one, choiceOf(settings))),
    );
    const machine = settings.contexts.length > 0 ? { clusters: objects } : objects[0];
    if (output === 'yaml') return `${settings.watch ? '---\n' : ''}${yamlText(machine)}`;
    return `${jsonText(machine, settings.watch ? 0 : 2)}\n`;
  }
  const colour = out.isTTY === true && !environment.NO_COLOR;
  const width = out.isTTY ? out.columns || PIPE_WIDTH : PIPE_WIDTH;
  return `${shown(all, { width, colour, now: Date.now() }).join('\n')}\n`;
}

/** Whether what controllers say of workloads in flight is shown: a table of clusters has no place for it. */
export const showsRollouts = ({ contexts, output }: Pick<Settings, 'contexts' | 'output'>): boolean =>
  contexts.length === 0 || output !== 'table';

const choiceOf = ({ namespace, run }: Pick<Settings, 'namespace' | 'run'>): StatusChoice => ({
  ...(namespace !== '' && { namespace }),
  ...(run !== '' && { run }),
});
