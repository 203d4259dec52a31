import type { PodFacts, Workload } from '../model.ts';
import { PRODUCT } from '../names.ts';
import type { Api } from './client.ts';
import { wholeList } from './list.ts';
import { resourcePath } from './resources.ts';
import { fits, type Shape } from './shape.ts';

interface RawEvent {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly reportingComponent?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

const EVENT: Shape = {
  reason: 'string',
  message: 'string',
  lastTimestamp: 'string',
  eventTime: 'string',
  reportingComponent: 'string',
  involvedObject: { kind: 'string', name: 'string' },
};

/** Pods whose Events are read; those of one rollout fail for the same reason. */
const PODS = 2;

/**
 * Why a rollout does not get on, in the words of the latest Warning that a controller, the scheduler or a kubelet wrote about the workload
 * or its pods that are not ready: a quota, a volume, an image. Undefined when nobody complained.
 */
export async function latestComplaint(
  api: Api,
  workload: Workload,
  pods: readonly PodFacts[],
): Promise<string | undefined> {
  const path = resourcePath('events', workload.namespace);
  const uids = [workload.uid, ...pods.filter(({ ready }) => !ready).map(({ uid }) => uid)].slice(0, PODS + 1);
  const lists = uids.map((uid) =>
    wholeList<RawEvent>(api, { path, fieldSelector: `type=Warning,involvedObject.uid=${uid}` }),
  );
  const events = (await Promise.all(lists)).flat().filter((event) => fits(event, EVENT) && !isOurs(event));
  const last = events.sort((a, b) => timeOf(a) - timeOf(b)).at(-1);
  return last && `${last.involvedObject?.kind} ${last.involvedObject?.name}: ${last.reason}: ${last.message}`;
}

/** What Meltemi itself said about the workload explains nothing. */
const isOurs = ({ reportingComponent }: RawEvent): boolean => reportingComponent === PRODUCT;

const timeOf = ({ lastTimestamp, eventTime }: RawEvent): number => Date.parse(lastTimestamp ?? eventTime ?? '') || 0;
