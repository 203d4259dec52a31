/** How building is shown. */
export interface Progress {
  /** Tells of one step. */
  step(label: string): Step;
  note(line: string): void;
}

/** A step that has begun. */
export interface Step {
  /** @param share from 0 to 1 of the step's work that is done */
  reached(share: number): void;
  end(failed?: boolean): void;
}

const TICK_MS = 1_000;
const BAR = 24;
/** Before this share is done, how long the rest takes would be a guess. */
const TOLD_FROM = 0.02;

/** A live line per step on a terminal, plain lines elsewhere. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  const colour = stream.isTTY && !process.env.NO_COLOR;
  const mark = (failed: boolean) => (failed ? paint(colour, 31, 'failed') : paint(colour, 32, 'done'));
  return {
    note: (line) => void stream.write(`${line}\n`),
    step(label) {
      const begin = performance.now();
      const seconds = () => (performance.now() - begin) / 1000;
      let share = 0;
      const show = () => {
        const rest = share > 0 ? shareText(share, seconds()) : spanText(seconds());
        stream.write(stream.isTTY ? `\r\x1b[K${label}  ${rest}` : `${label} ...\n`);
      };
      show();
      const ticking = stream.isTTY ? setInterval(show, TICK_MS) : undefined;
      return {
        reached: (now) => {
          share = now;
        },
        end: (failed = false) => {
          clearInterval(ticking);
          stream.write(`${stream.isTTY ? '\r\x1b[K' : ''}${label}  ${mark(failed)} in ${spanText(seconds())}\n`);
        },
      };
    },
  };
}

/**
 * A bar, and how long the rest takes if it goes on as until now.
 * @param seconds that have passed
 */
export function shareText(share: number, seconds: number): string {
  const full = Math.floor(share * BAR);
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`;
  const left = share >= TOLD_FROM ? `, about ${spanText((seconds * (1 - share)) / share)} left` : '';
  return `${bar} ${Math.floor(share * 100)} %${left}`;
}

/** Seconds as people say them: `50 s`, `7 min 20 s`. */
export function spanText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest > 0 ? ` ${rest} s` : ''}`;
}

const paint = (colour: boolean, code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
