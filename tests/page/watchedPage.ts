import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { BrowserContext, Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** A page of the browser with all that it said and asked for. */
export class WatchedPage {
  readonly page: Page;
  readonly #errors: string[] = [];
  readonly #requests: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.#errors.push(message.text());
    });
    page.on('pageerror', (error) => this.#errors.push(String(error)));
    page.on('request', (request) => this.#requests.push(request.url()));
  }

  static async open(context: BrowserContext, url: string): Promise<WatchedPage> {
    const watched = new WatchedPage(await context.newPage());
    await watched.page.goto(url);
    return watched;
  }

  /** Waits until the script listens for changes. */
  async live(): Promise<void> {
    await this.page.locator('#connection', { hasText: /^Live$/ }).waitFor();
  }

  /** The words of the sums, such as `3 outdated`. */
  async sums(): Promise<string[]> {
    const all = await this.page.locator('#sums li').allInnerTexts();
    return all.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  /** The cells of the table. */
  async rows(): Promise<string[][]> {
    return this.page
      .locator('#workloads tbody tr')
      .evaluateAll((lines) => lines.map((line) => [...line.children].map((cell) => cell.textContent ?? '')));
  }

  /** Nothing was wrong in the console, and nothing was asked of another server. */
  isClean(): void {
    assert.deepEqual(this.#errors, []);
    const own = new URL(this.page.url()).origin;
    const foreign = this.#requests.filter((url) => !url.startsWith(`${own}/`) && !url.startsWith('data:'));
    assert.deepEqual(foreign, []);
  }

  /** What axe-core finds wrong, by its rules for WCAG and its best practices. */
  async violations(): Promise<string[]> {
    // its script is no part of the page, so it goes around the policy for scripts
    const { violations } = (await this.page.evaluate(`${AXE}; axe.run()`)) as AxeResults;
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }
}
