import { fits, type Shape } from '../fieldTypes.ts';
import type { Untold } from '../plan/notification.ts';
import { NEWS_EVENTS } from '../plan/receiver.ts';
import type { AllRunNotes, RunNotes, WaveNote } from '../plan/runNotes.ts';

const NOTES: Shape = {
  startedAt: 'number',
  told: ['string'],
  waves: 'object',
  closedSince: 'object',
  untold: ['object'],
  forgotten: 'number',
  endedAt: 'number',
  slowest: 'object',
};
const COUNTS: Shape = {
  outdated: 'number',
  inFlight: 'number',
  verified: 'number',
  failed: 'number',
  waiting: 'number',
};
const UNTOLD: Shape = {
  id: 'string',
  event: 'string',
  revision: 'string',
  at: 'number',
  text: 'string',
  counts: COUNTS,
  workloads: [{ kind: 'string', namespace: 'string', name: 'string', reason: 'string' }],
  to: ['string'],
};
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
  const { waves, closedSince, slowest, untold } = raw as RunNotes;
  return (
    Object.values<WaveNote>(waves ?? {}).every((note) => note !== null && fits(note, WAVE)) &&
    Object.values<number>({ ...closedSince, ...slowest }).every((time) => typeof time === 'number') &&
    (untold ?? []).every(isUntold)
  );
}

/** Nothing of it may be missing either: it is sent as it is. */
const isUntold = (raw: Untold): boolean =>
  fits(raw, UNTOLD) &&
  Object.keys(UNTOLD).every((key) => key in raw) &&
  Object.keys(COUNTS).every((key) => key in raw.counts) &&
  Object.hasOwn(NEWS_EVENTS, raw.event);
