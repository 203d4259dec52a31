import { PRODUCT } from '../names.ts';
import type { Notification } from '../plan/notification.ts';
import { timestamp } from '../rfc3339.ts';

/** A notification with the run that it is about. */
export interface RunNotification extends Notification {
  readonly run: string;
}

/** What every message says besides. */
export interface Origin {
  /** The name of the cluster; empty if it has none. */
  readonly cluster: string;
  /** The address of the status page; empty if there is none. */
  readonly statusUrl: string;
}

/** The JSON body for a webhook. docs/steering.md documents it. */
export const webhookBody = (one: RunNotification, { cluster, statusUrl }: Origin): object => ({
  id: one.id,
  event: one.event,
  cluster,
  run: one.run,
  revision: one.revision,
  at: timestamp(one.at),
  text: one.text,
  counts: one.counts,
  workloads: one.workloads,
  ...(statusUrl && { url: statusUrl }),
});

/** Slack cuts messages far above this; nobody reads so much. */
const MESSAGE_LIMIT = 6000;

/** The JSON body for Slack, and for services that take the same: one message for several notifications. */
export function slackBody(all: readonly RunNotification[], { cluster, statusUrl }: Origin): object {
  const title = `*${PRODUCT}*${cluster && ` in *${slackEscaped(cluster)}*`}`;
  const lines = all.map(({ event, text }) => `*${event}*: ${slackEscaped(text)}`);
  const link = statusUrl ? [`<${withEntities(statusUrl)}|Status>`] : [];
  return { text: [title, ...fitting(lines), ...link].join('\n') };
}

/** The first lines that fit into a message. */
function fitting(lines: readonly string[]): string[] {
  const shown: string[] = [];
  let size = 0;
  for (const line of lines) {
    size += line.length;
    if (size > MESSAGE_LIMIT && shown.length > 0) return [...shown, `and ${lines.length - shown.length} more`];
    shown.push(line);
  }
  return shown;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Text in which nobody is mentioned and nothing is a link. Slack has mentions and links in angle brackets; services that take the same
 * messages, such as Mattermost, also find `@here`, addresses in plain text, with `www.` too, and links of Markdown.
 */
export const slackEscaped = (text: string): string =>
  withEntities(text)
    .replaceAll('@', '＠')
    .replaceAll('://', ': //')
    .replaceAll('](', '] (')
    .replace(/www\d*\./gi, (address) => `${address.slice(0, -1)} .`);

const withEntities = (text: string): string => text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
