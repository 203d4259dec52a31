import { excerpt } from '../excerpt.ts';
import { fits, type Shape } from '../fieldTypes.ts';
import type { PodFacts, Workload } from '../model.ts';
import { PRODUCT } from '../names.ts';
import { cutToSecond } from '../rfc3339.ts';
import type { Api } from './api.ts';
import { ofEachListed } from './list.ts';
import { resourcePath } from './resources.ts';

interface RawEvent {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly series?: { readonly lastObservedTime?: string };
  readonly reportingComponent?: string;
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

const EVENT: Shape = {
  reason: 'string',
  message: 'string',
  lastTimestamp: 'string',
  eventTime: 'string',
  series: { lastObservedTime: 'string' },
  reportingComponent: 'string',
  involvedObject: { kind: 'string', name: 'string' },
};

/** The number of pods whose Events are read. The pods of one rollout fail for the same reason. */
const PODS = 2;

/**
 * Why a rollout makes no progress: the latest Warning that a controller, the scheduler or a kubelet wrote about the workload or its pods
 * that are not ready, for example about a quota, a volume or an image. Undefined if there is none. A long message is cut.
 * @param since milliseconds since the epoch. Earlier messages are about something else. Event times are whole seconds
 */
export async function latestRejection(
  api: Api,
  workload: Workload,
  pods: readonly PodFacts[],
  since = 0,
): Promise<string | undefined> {
  const path = resourcePath('events', workload.namespace);
  const uids = [workload.uid, ...pods.filter(({ ready }) => !ready).map(({ uid }) => uid)].slice(0, PODS + 1);
  const from = cutToSecond(since);
  let last: RawEvent | undefined;
  // only the latest is kept: whoever may create Events can create any number of large ones
  const look = (event: RawEvent): undefined => {
    if (!fits(event, EVENT) || isOurs(event) || timeOf(event) < from) return;
    if (!last || timeOf(event) >= timeOf(last)) last = event;
  };
  const read = (uid: string) =>
    ofEachListed(api, { path, fieldSelector: `type=Warning,involvedObject.uid=${uid}` }, look);
  await Promise.all(uids.map(read));
  return saidBy(last);
}

const saidBy = (event: RawEvent | undefined): string | undefined =>
  event && excerpt(`${event.involvedObject?.kind} ${event.involvedObject?.name}: ${event.reason}: ${event.message}`);

/** Meltemi's own Events about the workload explain nothing. */
const isOurs = ({ reportingComponent }: RawEvent): boolean => reportingComponent === PRODUCT;

/** The time of the last occurrence: a repeated Event of events.k8s.io/v1 has a series, one of the core group its lastTimestamp. */
const timeOf = ({ series, lastTimestamp, eventTime }: RawEvent): number =>
  Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? '') || 0;
