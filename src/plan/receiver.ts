/** What can be news of a run, with its meaning for docs/steering.md. */
export const NEWS_EVENTS = {
  started: 'The first restart of a run has begun.',
  'wave-done': 'A wave is done, and the next one may begin.',
  halted: 'Failed restarts have halted the run or one of its namespaces, or they hold the next waves.',
  'gave-up': 'A restart did not bring the expected sidecar, and Meltemi does not repeat it.',
  'gate-closed': 'A metric gate has held restarts for longer than its `timeLimit`.',
  finished: 'The run has finished. The text is its [summary](#the-summary-of-a-run).',
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
