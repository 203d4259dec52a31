import { execFileSync } from 'node:child_process';

/** What `--version` tells besides the version. */
export interface Origin {
  /** Short hash, `-dirty` where the sources were changed since; `unknown` where nobody knows. */
  readonly commit: string;
  /** Day, of the commit and not of the build: the same sources make the same file. */
  readonly date: string;
}

/** Where the sources come from. Where there is no git, as in an image's build, MELTEMI_COMMIT and MELTEMI_DATE say it. */
export function origin(environment: Readonly<Record<string, string | undefined>>): Origin {
  return {
    commit: environment.MELTEMI_COMMIT || git('describe', '--always', '--dirty', '--exclude', '*'),
    date: (environment.MELTEMI_DATE || git('log', '-1', '--format=%cI')).slice(0, 10),
  };
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
