import { createHash } from 'node:crypto';
import type { EventDraft } from '../model.ts';
import { PRODUCT } from '../names.ts';

/** The maximum size of Event.message in bytes (pkg/apis/core/validation/events.go, noteLengthLimit). */
export const MESSAGE_LIMIT = 1024;
/** The maximum length of a DNS subdomain (apimachinery pkg/util/validation, DNS1123SubdomainMaxLength). */
const NAME_LIMIT = 253;

/** The core/v1 Event to create. The time makes its name unique, as in client-go's recorder (tools/record/event.go). */
export function eventObject(event: EventDraft, now: number): object {
  const { type, reason, about, message } = event;
  const time = new Date(now).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: nameOf(event, now), namespace: about.namespace },
    involvedObject: about,
    reason,
    message: firstBytes(message, MESSAGE_LIMIT),
    type,
    source: { component: PRODUCT },
    reportingComponent: PRODUCT,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}

/**
 * A valid Event name for any object. Kinds allow different names, and a name of 253 characters leaves no room for a suffix. The digest
 * tells apart Events of the same millisecond: for workloads with the same name and different kinds, for long names that are cut, and for
 * different messages.
 */
function nameOf({ reason, about, message }: EventDraft, now: number): string {
  const { kind, namespace, name, uid } = about;
  const digest = createHash('sha256').update(JSON.stringify([kind, namespace, name, uid, reason, message]));
  const tail = [subdomain(kind), subdomain(reason), `${now.toString(16)}-${digest.digest('hex').slice(0, 12)}`];
  const end = tail
    .filter((label) => label !== '')
    .join('.')
    .slice(-NAME_LIMIT / 2)
    .replace(/^[^a-z0-9]+/, '');
  const begin = subdomain(name)
    .slice(0, NAME_LIMIT - end.length - 1)
    .replace(/[^a-z0-9]+$/, '');
  return begin === '' ? end : `${begin}.${end}`;
}

/** Keeps only characters that RFC 1123 allows in a label. Each label begins and ends with a letter or a digit. */
const subdomain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .split('.')
    .map((label) => label.replace(/^-+|-+$/g, ''))
    .filter((label) => label !== '')
    .join('.');

/** The beginning of a text, at most this many bytes of UTF-8. No character is cut in two. */
function firstBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return bytes.toString('utf8');
  let end = limit;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
