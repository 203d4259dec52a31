import type { EventDraft, EventTarget } from '../model.ts';
import { PRODUCT } from '../names.ts';

/** Event.message may have this many bytes (core/v1 validation). */
const MESSAGE_LIMIT = 1024;

/** The core/v1 Event to create. Its name is made unique by time, as client-go's recorder does (tools/record/event.go). */
export function eventObject({ type, reason, about, message }: EventDraft, now: number): object {
  const time = new Date(now).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: nameOf(about, reason, now), namespace: about.namespace },
    involvedObject: about,
    reason,
    message: Buffer.from(message).subarray(0, MESSAGE_LIMIT).toString('utf8'),
    type,
    source: { component: PRODUCT },
    reportingComponent: PRODUCT,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}

/** Workloads of one name and different kinds may have the same to tell in the same millisecond. */
const nameOf = ({ kind, name }: EventTarget, reason: string, now: number): string =>
  [name, kind.toLowerCase(), reason.toLowerCase(), now.toString(16)].join('.');
