import { fits, type Shape } from '../fieldTypes.ts';
import type { AllRunNotes, RunNotes, WaveNote } from '../plan/runNotes.ts';

const NOTES: Shape = { startedAt: 'number', told: ['string'], waves: 'object', closedSince: 'object' };
const WAVE: Shape = { endedAt: 'number', doneAt: 'number' };

/**
 * Reads the notes of the runs from a journal. Notes that cannot be read are skipped: what they say of a run follows again from its
 * restarts, except that people may be told twice.
 */
export function readRunNotes(raw: unknown): AllRunNotes {
  if (!fits(raw, 'object')) return new Map();
  return new Map(Object.entries(raw ?? {}).flatMap(([run, notes]) => (isNotes(notes) ? [[run, notes]] : [])));
}

function isNotes(raw: unknown): raw is RunNotes {
  if (!raw || !fits(raw, NOTES)) return false;
  const { waves, closedSince } = raw as RunNotes;
  return (
    Object.values<WaveNote>(waves ?? {}).every((note) => note !== null && fits(note, WAVE)) &&
    Object.values<number>(closedSince ?? {}).every((time) => typeof time === 'number')
  );
}
