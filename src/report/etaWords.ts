import type { Eta } from '../plan/eta/eta.ts';
import type { Forecast } from '../plan/eta/forecast.ts';
import { timestamp } from '../rfc3339.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Reasons that a line names. */
const REASONS_SHOWN = 3;

/** A time to come in words: `2026-01-01T02:40:00Z, in 2h40m`. A minute that has begun counts. */
function whenWords(time: number, now: number): string {
  const left = Math.ceil(Math.max(0, time - now) / MINUTE) * MINUTE;
  const [days, hours, minutes] = [left / DAY, (left % DAY) / HOUR, (left % HOUR) / MINUTE].map(Math.floor);
  const words = days ? `${days}d${hours}h` : hours ? `${hours}h${minutes}m` : `${minutes}m`;
  return `${timestamp(time)}, in ${words}`;
}

/** `2026-01-01T02:40:00Z, in 2h40m (90 %: by 2026-01-01T04:10:00Z, in 4h10m)` */
export const etaWords = ({ median, p90 }: Eta, now: number): string =>
  `${whenWords(median, now)} (90 %: by ${whenWords(p90, now)})`;

/** When everything is expected to be done, and what that leaves out, in one line; undefined if there is nothing to say. */
export function forecastLine({ at, eta, leftOut }: Forecast): string | undefined {
  const sum = leftOut.reduce((all, { workloads }) => all + workloads, 0);
  const shown = leftOut.slice(0, REASONS_SHOWN).map(({ reason, workloads }) => `${workloads} ${reason}`);
  const more = leftOut.length > REASONS_SHOWN ? ' and others' : '';
  const reasons = `${shown.join(', ')}${more}`;
  const workloads = sum === 1 ? '1 workload that waits' : `${sum} workloads that wait`;
  const held = sum === 0 ? undefined : `${workloads} for something other than time: ${reasons}`;
  if (!eta) return held && `No estimate of when it will be done, because of ${held}`;
  const done = `Expected to be done by ${etaWords(eta, at)}`;
  return held ? `${done}, not counting ${held}` : done;
}
