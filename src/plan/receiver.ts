/** What can be news of a run, with its meaning for docs/steering.md. */
export const NEWS_EVENTS = {
  started: 'The first restart of a run has been written.',
  'wave-done': 'A wave is done, and the next one may begin.',
  halted: 'Failures have halted the run, a namespace of it, or the waves after one.',
  'gave-up': 'A restart of a workload did not bring its sidecar, and Meltemi does not repeat it.',
  'gate-closed': 'A metric gate has held restarts for longer than its `timeLimit`.',
  finished:
    'Nothing of the run is in flight, and no more of it is restarted by waiting. The text is the summary of the run.',
} as const;

export type NewsEvent = keyof typeof NEWS_EVENTS;

export const RECEIVER_KINDS = ['slack', 'webhook'] as const;

/** Who is told of news, by the policy. */
export interface Receiver {
  readonly kind: (typeof RECEIVER_KINDS)[number];
  /** The file that has the URL, which is a secret. It is read before each request. */
  readonly urlFile: string;
  /** What it is told of. */
  readonly events: ReadonlySet<NewsEvent>;
}

/** A receiver as the journal names it. It stays the same when the policy is edited or the URL is replaced. */
export const receiverName = ({ kind, urlFile }: Pick<Receiver, 'kind' | 'urlFile'>): string => `${kind}:${urlFile}`;
