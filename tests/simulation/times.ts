import type { Policy } from '../../src/plan/policy.ts';
import { NOW } from '../builders/workload.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { WorkloadDraft } from './scenario.ts';

const MINUTE = 60_000;
const HALF_DAY = 12 * 60;

/** From the first to the last minute, of the run. */
type Span = readonly [from: number, to: number];

/** When restarts may begin. Each is a list of minutes, so that nobody but the operator reckons with time zones. */
export interface Times {
  /** Of the policy, for one namespace or for all. */
  readonly windows?: readonly Span[];
  readonly namespace?: string;
  readonly freezes: readonly Span[];
  /** The version of Istio's proxy that is urgent. */
  readonly urgent?: string;
}

export const ALWAYS: Times = { freezes: [] };

/** Clocks there are five and a half hours ahead, all year. */
const ZONE = 'Asia/Kolkata';
const AHEAD = 330;
const DAILY = new Set([0, 1, 2, 3, 4, 5, 6]);

/** @param dice of its own, so that scenarios without times stay as they are */
export function drawTimes(dice: Dice, namespaces: readonly string[], isSteered: boolean): Times {
  if (!isSteered || !dice.once(2)) return ALWAYS;
  const windows = dice.below(3) > 0 ? drawSpans(dice, 25, 2) : undefined;
  return {
    ...(windows && { windows }),
    ...(dice.once(2) && { namespace: dice.pick(namespaces) }),
    freezes: Array.from({ length: dice.below(3) }, () => {
      const from = dice.below(12);
      return [from, from + 1 + dice.below(5)] as const;
    }),
    ...(dice.once(2) && { urgent: dice.pick(['1.30.2', '1.31.0', '1.31.1', '1.32.0']) }),
  };
}

/** Windows that open again and again, for some minutes each. */
function drawSpans(dice: Dice, count: number, most: number): Span[] {
  let at = dice.below(3);
  return Array.from({ length: count }, () => {
    const from = at + 1 + dice.below(most);
    const to = from + 2 + dice.below(3);
    at = to;
    return [from, to] as const;
  });
}

/** What the annotation on a workload says. */
export function drawOwnWindow(dice: Dice): WorkloadDraft['window'] {
  if (!dice.once(4)) return undefined;
  return dice.once(3) ? 'unreadable' : drawSpans(dice, 8, 3);
}

const clock = (minute: number): string => {
  const local = minute + AHEAD;
  return `${String(Math.floor(local / 60)).padStart(2, '0')}:${String(local % 60).padStart(2, '0')}`;
};

/** The annotation in words. */
export function windowText(window: NonNullable<WorkloadDraft['window']>): string {
  if (window === 'unreadable') return 'at night';
  return window.map(([from, to]) => `daily ${clock(from)}-${clock(to)} ${ZONE}`).join(';');
}

/** The same for the policy. */
export function timePolicy({ windows, namespace, freezes, urgent }: Times): Partial<Policy> {
  const match = namespace === undefined ? {} : { match: [{ namespaces: [namespace] }] };
  return {
    ...(windows && {
      windows: windows.map(([from, to], index) => ({
        name: `w${index}`,
        days: DAILY,
        start: (from + AHEAD) * MINUTE,
        end: (to + AHEAD) * MINUTE,
        timeZone: ZONE,
        ...match,
      })),
    }),
    ...(freezes.length > 0 && {
      freezes: freezes.map(([from, to], index) => ({
        name: `f${index}`,
        from: NOW + from * MINUTE,
        to: NOW + to * MINUTE,
        timeZone: ZONE,
      })),
    }),
    ...(urgent !== undefined && { urgent: [{ images: [`*/proxyv2:${urgent}`] }] }),
  };
}

/** Which rules forbid that a restart towards an image begins now, by their reasons. */
export function forbiddenNow(
  { windows, namespace: only, freezes, urgent }: Times,
  { namespace, window }: Pick<WorkloadDraft, 'namespace' | 'window'>,
  image: string,
  now: number,
): string[] {
  if (urgent !== undefined && image.endsWith(`/proxyv2:${urgent}`)) return [];
  const minute = (now - NOW) / MINUTE;
  const inside = (spans: readonly Span[]): boolean => spans.some(([from, to]) => minute >= from && minute < to);
  const concerns = only === undefined || only === namespace;
  // a day later everything is open again
  const forbidden: Readonly<Record<string, boolean>> = {
    window: windows !== undefined && concerns && !inside(windows) && minute < HALF_DAY,
    freeze: inside(freezes),
    'window-unreadable': window === 'unreadable',
    'own-window': window !== undefined && window !== 'unreadable' && !inside(window) && minute < HALF_DAY,
  };
  return Object.keys(forbidden).filter((rule) => forbidden[rule]);
}

/** Whether a workload's windows are all over for today. A run does not last until tomorrow. */
export function areWindowsOver(
  { windows, namespace: only }: Times,
  { namespace, window }: Pick<WorkloadDraft, 'namespace' | 'window'>,
  now: number,
): boolean {
  const whole: Span[] = [[(now - NOW) / MINUTE, HALF_DAY]];
  const concerns = windows !== undefined && (only === undefined || only === namespace);
  const own = window === undefined || window === 'unreadable' ? whole : window;
  return common(common(whole, concerns ? windows : whole), own).length === 0;
}

/** The times that are in both. */
const common = (one: readonly Span[], other: readonly Span[]): Span[] =>
  one.flatMap(([from, to]) =>
    other
      .map(([begin, end]) => [Math.max(from, begin), Math.min(to, end)] as const)
      .filter(([begin, end]) => begin < end),
  );
