import type { JournalStore } from '../../src/journal/journal.ts';

/** Keeps the journal where a test can see it, take it away, or let its writes wait and fail. */
export class FakeStore implements JournalStore {
  /** What is stored now. */
  stored: string | undefined;
  /** Every text that was stored, the oldest first. */
  readonly kept: string[] = [];
  /** What every write ends with instead. */
  failing: Error | undefined;
  /** As long as it is pending, writes wait for it. */
  open: Promise<void> = Promise.resolve();

  constructor(stored?: string) {
    this.stored = stored;
  }

  text(): string | undefined {
    return this.stored;
  }

  async keep(text: string): Promise<void> {
    await this.open;
    if (this.failing) throw this.failing;
    this.stored = text;
    this.kept.push(text);
  }

  /** The restarts that are stored, as `kind/namespace/name` and what is told of each. */
  get restarts(): Record<string, { readonly outcome?: string; readonly unconfirmed?: boolean }> {
    return parsed(this.stored ?? '');
  }
}

function parsed(text: string): FakeStore['restarts'] {
  try {
    return JSON.parse(text).restarts ?? {};
  } catch {
    return {};
  }
}
