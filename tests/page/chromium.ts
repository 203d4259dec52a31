import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const INSTALLED = '/usr/bin/chromium';
const PACKAGE = 'chromium';
const INSTALL_LIMIT_MS = 10 * 60_000;
/** It fetches nothing of its own, and no other profile is touched. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * The browser of the tests. Debian's package is installed where it is missing and this process may do that.
 * @throws {Error} naming what to install
 */
export function chromiumPath(): string {
  const given = process.env.CHROME_PATH;
  if (given) {
    if (existsSync(given)) return given;
    throw new Error(`CHROME_PATH is ${given}, and there is no such file; name a Chromium or Chrome, or leave it out`);
  }
  if (!existsSync(INSTALLED)) install();
  return INSTALLED;
}

/** Several files may need it at the same time, and apt does not wait for another apt. */
const LOCK = join(tmpdir(), 'meltemi-chromium-install.lock');
const SCRIPT = `test -x ${INSTALLED} || {
  apt-get update -qq && apt-get install -y -qq --no-install-recommends ${PACKAGE}
}`;

function install(): void {
  const isPossible = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (isPossible)
    spawnSync('flock', [LOCK, 'sh', '-c', SCRIPT], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: INSTALL_LIMIT_MS,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  if (existsSync(INSTALLED)) return;
  throw new Error(
    `the tests of the status page need a browser: install the package ${PACKAGE} (apt-get install ${PACKAGE}), ` +
      'or set CHROME_PATH to a Chromium or Chrome',
  );
}

/** A browser with a profile of its own, which is gone with it. */
export class Browser implements AsyncDisposable {
  readonly context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.context = context;
    this.#profile = profile;
  }

  static async start(options: { readonly javaScriptEnabled?: boolean } = {}): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'meltemi-chromium-'));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumPath(),
      headless: true,
      args: FLAGS,
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    return new Browser(context, profile);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
