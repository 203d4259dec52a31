const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An age for people: `42 s`, `12 min`, `3 h 20 min`, `2 d 4 h`. Never negative: clocks of two machines differ. */
export function ageWords(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 2 * MINUTE) return `${seconds} s`;
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  const [big, small, words] = seconds < 2 * DAY ? [HOUR, MINUTE, ['h', 'min']] : [DAY, HOUR, ['d', 'h']];
  const rest = Math.floor((seconds % big) / small);
  return `${Math.floor(seconds / big)} ${words[0]}${rest > 0 ? ` ${rest} ${words[1]}` : ''}`;
}

/** A time in the terminal's zone: `14:40`, with the day if it is not within half a day of now. Empty if the text is no time. */
export function clockWords(text: string | undefined, now: number): string {
  const time = Date.parse(text ?? '');
  if (Number.isNaN(time)) return '';
  const at = new Date(time);
  const two = (number: number): string => String(number).padStart(2, '0');
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (Math.abs(time - now) < (DAY / 2) * 1000) return clock;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock}`;
}
