import { build, isBuilt } from '../testbed/build.ts';
import type { ProgramName } from '../testbed/programs.ts';
import { type Progress, progressOn, shareText, spanText } from '../testbed/progress.ts';
import { Board } from './board.ts';
import { ACTS, type Goal, START } from './story.ts';

const REDRAW_MS = 250;
/** Nobody may take it for the real mesh. */
const SIMULATED = 'SIMULATION, until the real mesh is built: a simulated cluster, the real operator\n';
/** Steps of the simulated mesh between an act and the next, so that people see its end. */
const PAUSE = 12;

/** Builds what is missing. On a terminal the story plays in the simulator until that is done, clearly named so. */
export async function buildWithStory(wanted: readonly ProgramName[], stream: NodeJS.WriteStream): Promise<void> {
  if (isBuilt(wanted)) return;
  if (!stream.isTTY) return build(progressOn(stream), wanted);
  const shown = new ShownProgress();
  const over = new AbortController();
  const board = new Board(stream, !process.env.NO_COLOR);
  const playing = play(board, shown, over.signal).catch((error: unknown) => {
    if (!over.signal.aborted) shown.note(`the simulation has ended: ${error instanceof Error ? error.message : error}`);
  });
  try {
    await build(shown, wanted);
  } finally {
    over.abort();
    await playing;
    board.clear();
    for (const line of shown.ended) stream.write(`${line}\n`);
  }
}

/** Plays the acts again and again. */
async function play(board: Board, shown: ShownProgress, signal: AbortSignal): Promise<void> {
  // loaded only now, because who has everything built needs no simulator
  const { SimulatedMesh } = await import('./simulatedMesh.ts');
  while (!signal.aborted) {
    const mesh = new SimulatedMesh();
    const goals: Record<string, Goal> = { ...START };
    let title = 'Before the first act';
    const draw = (): void => board.draw(`${SIMULATED}${title}`, mesh.look(goals), ['', ...shown.lines()]);
    const drawing = setInterval(draw, REDRAW_MS);
    try {
      draw();
      await rest(mesh, signal);
      for (const act of ACTS) {
        title = act.title;
        await act.happens(mesh);
        Object.assign(goals, act.goals);
        await mesh.play(
          () => mesh.look(goals).every(({ outdated, restarting }) => outdated + restarting === 0),
          signal,
        );
        await rest(mesh, signal);
      }
    } finally {
      clearInterval(drawing);
      mesh.stop();
    }
  }
}

function rest(
  mesh: { play(isDone: () => boolean, signal: AbortSignal): Promise<void> },
  signal: AbortSignal,
): Promise<void> {
  let steps = 0;
  return mesh.play(() => ++steps > PAUSE, signal);
}

/** Progress that somebody else draws. */
class ShownProgress implements Progress {
  /** What is to stay on the terminal. */
  readonly ended: string[] = [];
  #current: (() => string) | undefined;

  note(line: string): void {
    this.ended.push(line);
  }

  step(label: string): ReturnType<Progress['step']> {
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    let share = 0;
    this.#current = () =>
      `${label}\n  ${share > 0 ? shareText(share, seconds()) : `downloading, ${spanText(seconds())}`}`;
    return {
      reached: (now) => {
        share = now;
      },
      end: (failed) => {
        this.ended.push(`${label}  ${failed ? 'failed' : 'done'} in ${spanText(seconds())}`);
        this.#current = undefined;
      },
    };
  }

  lines(): string[] {
    return [...this.ended, ...(this.#current?.().split('\n') ?? [])];
  }
}
