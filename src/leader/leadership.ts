import type { JournalStore } from '../journal/journal.ts';
import type { PauseState } from './pauseState.ts';

/**
 * Who may write: the one port that the rest of the program knows, whether there is an election (`LeaderElection`) or not
 * (`WithoutElection`). Leading comes in terms. A term's signal aborts, synchronously, the moment the term ends, and is never used again.
 */
export interface Leadership extends JournalStore {
  /**
   * Takes part until the signal aborts, then gives the Lease back. Failing calls to the API server are tried again for ever.
   * @param lead called at the beginning of each term; the next term begins, and the Lease is given back, only after its promise has ended
   * @throws what `lead` throws during its term, after the term was ended and the Lease given back; what it throws later is not heard
   */
  run(signal: AbortSignal, lead?: Lead): Promise<void>;
  /**
   * The fence, for right before a write is sent.
   * @throws {NotLeading} when a write now could meet another leader's; the term has ended then
   */
  assertLeading(): void;
  /** Whether `assertLeading` would pass now. */
  readonly isLeading: boolean;
  pauseState(): PauseState;
  /** Calls the listener each time `pauseState` has changed, the first reading included if it says anything. Returns how to stop that. */
  onPauseState(listener: (pauseState: PauseState) => void): () => void;
  /** For liveness: why this process should be replaced; undefined when all is well, which includes standing by. */
  problem(): string | undefined;
}

export type Lead = (term: AbortSignal) => Promise<void> | void;

/** What happens to the leadership, for log and metrics. What a listener throws goes to `trouble`. */
export interface LeadershipListener {
  /** A term has begun. */
  acquired(): void;
  /** A term has ended. */
  lost(why: string): void;
  /** Somebody else was seen to hold the Lease, once per holder. */
  standingBy(holder: string): void;
  /** The Lease could not be read or written; called once until the problem changes or is over. */
  trouble(error: unknown): void;
}

/** A write that was not sent, because this process does not lead any more, or never did. */
export class NotLeading extends Error {
  override readonly name = 'NotLeading';
}
