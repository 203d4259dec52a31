import type { JournalStore } from '../journal/journal.ts';
import type { StatusSource } from './journalKeeper.ts';
import type { Lease } from './lease.ts';
import type { PauseState } from './pauseState.ts';

/**
 * Decides whether this process may write. The rest of the program uses only this interface, with an election (`LeaderElection`) or
 * without (`WithoutElection`). A process leads in terms. A term's signal aborts synchronously when the term ends, and is never reused.
 */
export interface Leadership extends JournalStore {
  /**
   * Takes part until the signal aborts, then releases the Lease. Failed calls to the API server are retried without limit.
   * @param lead called at the start of each term. The next term starts, and the Lease is released, only after its promise has settled
   * @throws what `lead` throws during its term, after the term has ended and the Lease is released. Later errors are ignored
   */
  run(signal: AbortSignal, lead?: Lead): Promise<void>;
  /**
   * The fence. Call it right before a write is sent.
   * @throws {NotLeading} when another process may lead by now; then the term has ended
   */
  assertLeading(): void;
  /** Whether `assertLeading` would pass now. */
  readonly isLeading: boolean;
  pauseState(): PauseState;
  /** The Lease as it was last read or written; undefined if there is none, or it was not read yet. */
  lease(): Lease | undefined;
  /** Sets the status that each write of the Lease takes along during a term. Where the Lease is renewed anyway, it causes no write. */
  publishes(source: StatusSource): void;
  /** Calls the listener when `pauseState` changes, and after the first read if it is not empty. Returns a function that unsubscribes. */
  onPauseState(listener: (pauseState: PauseState) => void): () => void;
  /** For liveness: why this process should be restarted; undefined if it is healthy, which includes candidates. */
  problem(): string | undefined;
}

export type Lead = (term: AbortSignal) => Promise<void> | void;

/** Callbacks for changes of the leadership, for log and metrics. Errors of a listener go to `trouble`. */
export interface LeadershipListener {
  /** A term has begun. */
  acquired(): void;
  /** A term has ended. */
  lost(why: string): void;
  /** Another process holds the Lease. Called once per holder. */
  standingBy(holder: string): void;
  /** The Lease could not be read or written. Called once until the problem changes or ends. */
  trouble(error: unknown): void;
}

/** Thrown when a write was not sent because this process does not lead. */
export class NotLeading extends Error {
  override readonly name = 'NotLeading';
}
