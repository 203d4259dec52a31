import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { NEWS_EVENTS, type NewsEvent, RECEIVER_KINDS, type Receiver, receiverName } from '../plan/receiver.ts';
import { quoted } from './quoted.ts';
import { withoutAddress } from './withoutCredentials.ts';

const MOST_RECEIVERS = 16;
const LONGEST_PATH = 1000;

const A_PATH = 'It must be the absolute path of a file that has the URL, such as /etc/meltemi/slack/url.';

const EVENTS = Object.keys(NEWS_EVENTS) as NewsEvent[];

const urlFile = z
  .string()
  .max(LONGEST_PATH, `must have at most ${LONGEST_PATH} characters`)
  .refine((path) => isAbsolute(path), {
    error: ({ input }) => `${quoted(withoutAddress(String(input)))} is invalid. ${A_PATH}`,
  });

const hook = z.strictObject({ urlFile });

/** The keys of an entry, with what they mean. */
export const NOTIFY_FIELDS: Readonly<Record<string, string>> = {
  slack:
    'An incoming webhook of Slack, or of a service that takes the same messages. `urlFile` is the path of a file with its URL.',
  webhook:
    'An HTTP server of yours, which gets a JSON body for each event. `urlFile` is the path of a file with its URL.',
  events: `Which events are sent: any of ${EVENTS.join(', ')}. Without it, all.`,
};

/** The keys of a receiver. */
export const HOOK_FIELDS: readonly string[] = Object.keys(hook.shape);

const receiverSchema = z
  .strictObject({
    slack: hook.optional(),
    webhook: hook.optional(),
    events: z
      .array(z.enum(EVENTS))
      .min(1, 'is an empty list; leave the key out to be told of everything')
      .transform((events, context) => {
        for (const [index, event] of events.entries()) {
          if (events.indexOf(event) < index)
            context.addIssue({ code: 'custom', message: `${quoted(event)} is given twice`, path: [index] });
        }
        return events;
      })
      .optional(),
  })
  .transform(({ events = EVENTS, ...hooks }, context): Receiver => {
    const [kind, other] = RECEIVER_KINDS.filter((one) => hooks[one] !== undefined);
    const given = kind && hooks[kind];
    if (kind && given && !other) return { kind, ...given, events: new Set(events) };
    const message = other
      ? `has both ${kind} and ${other}; make two entries of it`
      : `needs one of ${RECEIVER_KINDS.join(', ')}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** `notify` of the policy file. */
export const notifySchema: z.ZodType<readonly Receiver[]> = z
  .array(receiverSchema)
  .min(1, 'is an empty list; leave the key out instead')
  .max(MOST_RECEIVERS, `must have at most ${MOST_RECEIVERS} entries`)
  .transform((receivers, context) => {
    const names = receivers.map(receiverName);
    for (const [index, { kind }] of receivers.entries()) {
      const first = names.indexOf(names[index] ?? '');
      if (first < index)
        context.addIssue({
          code: 'custom',
          message: `is given twice. Leave it out here or in notify[${first}].`,
          path: [index, kind],
        });
    }
    return receivers;
  });
