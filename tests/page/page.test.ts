import assert from 'node:assert/strict';
import { MOST_LISTENERS } from '../../src/page/listeners.ts';
import { until } from '../testbed/until.ts';
import { Browser } from './chromium.ts';
import { currentOne, manyWorkloads, outdatedOne } from './planOf.ts';
import { ServedPage } from './servedPage.ts';
import { WatchedPage } from './watchedPage.ts';

const EVIL = '<img src=x onerror="document.title=1"></script><script>document.title=2</script>\u202e';

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser[Symbol.asyncDispose]());

/** A served page with three workloads, open in the browser. */
async function opened(work: (served: ServedPage, shown: WatchedPage) => Promise<void>, query = ''): Promise<void> {
  await using served = await new ServedPage().start();
  served.evaluated([outdatedOne('cart'), outdatedOne('web'), currentOne('ledger', 'bank')]);
  const shown = await WatchedPage.open(browser.context, `${served.url}/${query}`);
  try {
    await work(served, shown);
  } finally {
    await shown.page.close();
  }
}

const verdicts = async (shown: WatchedPage): Promise<string[]> =>
  (await shown.rows()).map(([namespace, name, , verdict]) => `${namespace}/${name} ${verdict}`);

const shows = (shown: WatchedPage, expected: readonly string[]): Promise<unknown> =>
  until(`the table to be ${expected}`, 10_000, async () => {
    const found = await verdicts(shown);
    return found.join() === expected.join() || new Error(found.join());
  });

test('a change is shown without a reload, and only its line is touched', () =>
  opened(async (served, shown) => {
    await shown.live();
    assert.deepEqual(await shown.sums(), ['1 current', '2 outdated']);
    await shown.page.evaluate(`
      window.touched = [];
      new MutationObserver((all) => all.forEach(({ target }) => {
        const line = (target.nodeType === 1 ? target : target.parentElement).closest('tr');
        if (line) touched.push(line.cells[1].textContent);
      })).observe(document.querySelector('#workloads tbody'), { subtree: true, childList: true, characterData: true });
    `);
    served.evaluated([outdatedOne('cart'), currentOne('web'), currentOne('ledger', 'bank')]);
    await shows(shown, ['bank/ledger current', 'shop/cart outdated', 'shop/web current']);
    assert.deepEqual(await shown.sums(), ['2 current', '1 outdated']);
    assert.deepEqual(await shown.page.evaluate('[...new Set(touched)]'), ['web']);
    served.evaluated([currentOne('web'), currentOne('new'), currentOne('ledger', 'bank')]);
    await shows(shown, ['bank/ledger current', 'shop/new current', 'shop/web current']);
    shown.isClean();
  }));

test('a filter takes effect while one types, stays in the address, and is there after a reload', () =>
  opened(async (_, shown) => {
    await shown.live();
    await shown.page.getByLabel('Text').fill('CART');
    await shows(shown, ['shop/cart outdated']);
    assert.match(shown.page.url(), /\?text=CART$/);
    assert.match(await shown.page.locator('#count').innerText(), /^1 to 1 of 1 matching workloads, 3 in all$/);
    await shown.page.reload();
    await shown.live();
    await shows(shown, ['shop/cart outdated']);
    await shown.page.getByLabel('Text').fill('');
    await shown.page.getByLabel('Verdict').selectOption('current');
    await shows(shown, ['bank/ledger current']);
    shown.isClean();
  }));

test('a workload is explained by the keyboard alone, and Escape goes back to it', () =>
  opened(async (_, shown) => {
    await shown.live();
    const link = shown.page.getByRole('link', { name: 'web' });
    await link.focus();
    await shown.page.keyboard.press('Enter');
    const dialog = shown.page.getByRole('dialog');
    await dialog.getByText('Deployment shop/web', { exact: false }).first().waitFor();
    assert.match(await dialog.innerText(), /would you inject a pod with this template\?/);
    await shown.page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await link.evaluate((element) => element === element.ownerDocument.activeElement), true);
    shown.isClean();
  }));

test('after its server was away, the page is live again and has what it missed', async () => {
  await opened(async (served, shown) => {
    await shown.live();
    served.server.closeAllConnections();
    served.evaluated([currentOne('cart'), currentOne('web'), currentOne('ledger', 'bank')]);
    await shows(shown, ['bank/ledger current', 'shop/cart current', 'shop/web current']);
    await shown.live();
  });
});

test('one listener too many is told so, and still gets what is new from time to time', () =>
  opened(async (served, shown) => {
    await shown.live();
    const stop = new AbortController();
    const others = Array.from({ length: MOST_LISTENERS - 1 }, () =>
      fetch(`${served.url}/events`, { signal: stop.signal }),
    );
    await Promise.all(others);
    const late = await WatchedPage.open(browser.context, served.url);
    await late.page.locator('#connection', { hasText: 'Not live' }).waitFor();
    served.evaluated([currentOne('cart'), currentOne('web'), currentOne('ledger', 'bank')]);
    await shows(late, ['bank/ledger current', 'shop/cart current', 'shop/web current']);
    stop.abort();
    await late.live();
    await late.page.close();
  }));

test('without JavaScript there is the same table, with the same filter, explanations and pages', async () => {
  await using plain = await Browser.start({ javaScriptEnabled: false });
  await using served = await new ServedPage().start();
  served.evaluated(manyWorkloads(700));
  const shown = await WatchedPage.open(plain.context, served.url);
  assert.equal((await shown.rows()).length, 300);
  await shown.page.getByRole('link', { name: 'Next 300' }).click();
  await shown.page.getByRole('link', { name: 'Next 300' }).click();
  assert.equal((await shown.rows()).length, 100);
  assert.equal(await shown.page.locator('#count').innerText(), '601 to 700 of 700 workloads');
  await shown.page.getByLabel('Namespace', { exact: true }).fill('team-42');
  await shown.page.getByLabel('Verdict').selectOption('outdated');
  await shown.page.getByRole('button', { name: 'Filter' }).click();
  const rows = await shown.rows();
  assert.equal(rows.length, 3);
  assert.ok(rows.every(([namespace, , , verdict]) => namespace === 'team-42' && verdict === 'outdated'));
  await shown.page.getByRole('link', { name: rows[0]?.[1] ?? '' }).click();
  assert.match(await shown.page.locator('#explanation').innerText(), /Deployment team-42\/workload-\d+/);
  shown.isClean();
});

test('markup in names and reasons is text, on the page of the server and after the script', () =>
  opened(async (served, shown) => {
    await shown.live();
    const evil = { ...outdatedOne(EVIL, EVIL) };
    served.evaluated([evil, outdatedOne('web')]);
    await until('the hostile name', 10_000, async () => (await shown.page.content()).includes('&lt;img src=x'));
    assert.ok((await verdicts(shown)).some((line) => line.includes('<img src=x') && line.includes('\\u202e')));
    await shown.page.reload();
    await shown.live();
    assert.equal(await shown.page.title(), 'Meltemi');
    assert.equal(await shown.page.locator('img').count(), 0);
    shown.isClean();
  }));

test('the policy refuses a script that is not the page’s own, and whatever comes from elsewhere', () =>
  opened(async (_, shown) => {
    await shown.live();
    const tried = await shown.page.evaluate(`new Promise((resolve) => {
      const seen = [];
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        seen.push(effectiveDirective);
        if (seen.length === 3) resolve(seen.sort());
      });
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);
      const image = new Image();
      image.src = 'http://127.0.0.1:1/pixel';
      document.body.append(image);
      fetch('http://127.0.0.1:1/').catch(() => undefined);
    })`);
    assert.deepEqual(tried, ['connect-src', 'img-src', 'script-src-elem']);
    assert.equal(await shown.page.title(), 'Meltemi');
  }));

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe-core finds nothing wrong in ${colorScheme}, wide and narrow, with an explanation and without`, () =>
    opened(async (_, shown) => {
      await shown.page.emulateMedia({ colorScheme });
      await shown.live();
      assert.deepEqual(await shown.violations(), []);
      await shown.page.setViewportSize({ width: 390, height: 800 });
      assert.deepEqual(await shown.violations(), []);
      await shown.page.getByRole('link', { name: 'web' }).click();
      await shown.page.getByRole('dialog').waitFor();
      assert.deepEqual(await shown.violations(), []);
    }, '?explain=Deployment/shop/cart'));
