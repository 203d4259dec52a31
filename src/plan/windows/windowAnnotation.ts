import { excerpt } from '../../excerpt.ts';
import { WINDOW_ANNOTATION } from '../../names.ts';
import { remembered } from '../../remembered.ts';
import type { Assessed } from '../assessed.ts';
import type { WindowTimes } from './windowTimes.ts';
import { ANOTHER_TIME, parseDays, parseTimeOfDay, parseTimeZone, WrongWord } from './windowWords.ts';

/** A longer annotation is not read. The author of a workload chooses it. */
const LONGEST = 250;
const MOST_WINDOWS = 8;
/** How many different texts are kept parsed. */
const MOST_KEPT = 1000;
/** How much of a text is shown. */
const SHOWN = 80;
const EXAMPLE = 'Mon-Thu 22:00-05:00 Europe/Athens';

/** The windows that a workload's own people have set, and on which object. */
export interface OwnWindows {
  readonly text: string;
  readonly where: string;
  readonly reading: WindowsReading;
}

export type WindowsReading = { readonly windows: readonly WindowTimes[] } | { readonly problem: string };

/** The annotations of a workload and of its namespace. If both are set, both must be open. */
export function ownWindowsOf({ workload, namespace }: Pick<Assessed, 'workload' | 'namespace'>): OwnWindows[] {
  const places: [text: string | undefined, where: string][] = [
    [workload.annotations[WINDOW_ANNOTATION], 'the workload'],
    [namespace.annotations[WINDOW_ANNOTATION], `namespace ${workload.namespace}`],
  ];
  return places.flatMap(([text, where]) => (text === undefined ? [] : { text, where, reading: readWindows(text) }));
}

/** An annotation in words, with its value cut. */
export const annotationWords = ({ where, text }: Pick<OwnWindows, 'where' | 'text'>): string =>
  `${WINDOW_ANNOTATION} on ${where} ("${excerpt(text, SHOWN)}")`;

const kept = new Map<string, WindowsReading>();

/** Windows as an annotation has them: `DAYS HH:MM-HH:MM ZONE`, several of them between semicolons. */
export function readWindows(text: string): WindowsReading {
  if (text.length > LONGEST) return { problem: `It has more than ${LONGEST} characters.` };
  return remembered(kept, MOST_KEPT, text, parsed);
}

function parsed(text: string): WindowsReading {
  const parts = text.split(';');
  if (parts.length > MOST_WINDOWS) return { problem: `It has more than ${MOST_WINDOWS} windows.` };
  try {
    return { windows: parts.map(parseWindow) };
  } catch (error) {
    if (!(error instanceof WrongWord)) throw error;
    return { problem: `'${excerpt(error.word, SHOWN)}' is invalid. ${error.message}` };
  }
}

function parseWindow(text: string): WindowTimes {
  const words = text.split(' ').filter(Boolean);
  const [days, times, timeZone, ...more] = words;
  const [start, end, ...others] = times?.split('-') ?? [];
  if (!days || start === undefined || end === undefined || !timeZone || more.length + others.length > 0)
    throw new WrongWord(text.trim(), `It must be days, times and a time zone, such as "${EXAMPLE}".`);
  const window = {
    days: parseDays(days),
    start: parseTimeOfDay(start),
    end: parseTimeOfDay(end, true),
    timeZone: parseTimeZone(timeZone),
  };
  if (window.start === window.end) throw new WrongWord(end, ANOTHER_TIME);
  return window;
}
