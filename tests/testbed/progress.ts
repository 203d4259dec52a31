/** How building is shown. */
export interface Progress {
  /** Tells of one step; what it returns is called when the step has ended. */
  step(label: string): (failed?: boolean) => void;
  note(line: string): void;
}

const TICK_MS = 1_000;

/** A live line per step on a terminal, plain lines elsewhere. */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  const colour = stream.isTTY && !process.env.NO_COLOR;
  const mark = (failed: boolean) => (failed ? paint(colour, 31, 'failed') : paint(colour, 32, 'done'));
  return {
    note: (line) => void stream.write(`${line}\n`),
    step(label) {
      const begin = performance.now();
      const seconds = () => `${Math.round((performance.now() - begin) / 1000)} s`;
      const show = () => void stream.write(stream.isTTY ? `\r\x1b[K${label}  ${seconds()}` : `${label} ...\n`);
      show();
      const ticking = stream.isTTY ? setInterval(show, TICK_MS) : undefined;
      return (failed = false) => {
        clearInterval(ticking);
        stream.write(`${stream.isTTY ? '\r\x1b[K' : ''}${label}  ${mark(failed)} in ${seconds()}\n`);
      };
    },
  };
}

const paint = (colour: boolean, code: number, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
