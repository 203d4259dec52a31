/**
 * Loaded before an operator (`node --import`): its wall clock is shifted by the milliseconds that the file CLOCK_FILE holds, from whenever
 * they change. Its monotonic clock is not, as with a step of NTP.
 */
import { readFileSync } from 'node:fs';

const EVERY_MS = 200;
const file = process.env.CLOCK_FILE ?? '';
let shift = 0;

function look(): void {
  try {
    shift = Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    shift = 0;
  }
}

look();
setInterval(look, EVERY_MS).unref();

const Real = Date;
const now = (): number => Real.now() + shift;
const shifted: DateConstructor = new Proxy(Real, {
  construct: (target, given, maker) =>
    Reflect.construct(target, given.length > 0 ? given : [now()], maker === shifted ? target : maker),
  apply: () => new Real(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
globalThis.Date = shifted;
