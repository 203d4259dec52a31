import { execFileSync } from 'node:child_process';
import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder with a build of its own, so that tests disturb neither each other nor `dist`. Everyone may read it. */
export class Built implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'meltemi-built-'));
  readonly folder = join(this.root, 'app');

  constructor(environment: Readonly<Record<string, string>> = {}) {
    chmodSync(this.root, 0o755);
    try {
      execFileSync(process.execPath, ['build.ts', this.folder], {
        env: { ...process.env, ...environment },
        stdio: 'pipe',
      });
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The files of the program, by name. */
  files(): ReadonlyMap<string, Buffer> {
    const names = ['meltemi.js', ...globSync('chunks/*', { cwd: this.folder })];
    return new Map(names.map((name) => [name, readFileSync(join(this.folder, name))]));
  }

  /** The text of all of them. */
  program(): string {
    return [...this.files().values()].map((bytes) => bytes.toString('latin1')).join('\n');
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
