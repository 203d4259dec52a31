import type { JournalEntry } from './journalEntry.ts';

/** The restart that counts: until one is known to be written, that is the one before it. */
export const countedEntry = (entry: JournalEntry): JournalEntry => (entry.confirmed ? entry : (entry.before ?? entry));
