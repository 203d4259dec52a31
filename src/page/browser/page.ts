import {
  byName,
  isShown,
  keyOfRow,
  PAGE_ROWS,
  type PageRow,
  pageWords,
  type RowFilter,
  stepWords,
} from '../rowFilter.ts';

/** What the server sends as a whole. */
interface Snapshot {
  readonly version: string;
  readonly sections: Readonly<Record<string, string>>;
  readonly rows: readonly PageRow[];
}

/** What has changed since. */
interface Update {
  readonly sections: Readonly<Record<string, string>>;
  readonly rows: readonly PageRow[];
  readonly gone: readonly string[];
}

const FIRST_PAUSE = 2000;
const LONGEST_PAUSE = 30_000;
const TYPING = 150;
/** The measure of the last update, for whoever asks the browser's performance timeline. */
const UPDATE = 'update';
/** The parameters of the address besides the filter. */
const PAGE = 'page';
const EXPLAIN = 'explain';

function found<T extends Element>(selector: string): T {
  const element = document.querySelector<T>(selector);
  if (!element) throw new Error(`no ${selector}`);
  return element;
}

const connection = found<HTMLElement>('#connection');
const body = found<HTMLTableSectionElement>('#workloads tbody');
const form = found<HTMLFormElement>('#filter');
const reasons = found<HTMLSelectElement>('#filter [name=reason]');
const dialog = found<HTMLDialogElement>('dialog');
const rows = new Map<string, PageRow>();
/** The keys of all rows in the order of the table; absent after one came or went. */
let order: string[] | undefined;
/** What stands in the table, by key. The lines of the server are taken over, without a row as yet. */
const drawn = new Map<string, { readonly line: HTMLTableRowElement; readonly row?: PageRow }>();
let page = Number(new URLSearchParams(location.search).get(PAGE)) || 1;
let pause = FIRST_PAUSE;

/** Changes what is different, and leaves the rest, so that focus, selection and what readers of screens are told stay as they are. */
function morph(old: Element, now: Element): void {
  for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name);
  const [before, after] = [[...old.childNodes], [...now.childNodes]];
  for (const extra of before.slice(after.length)) extra.remove();
  after.forEach((node, index) => {
    const place = before[index];
    if (!place) old.append(node);
    else if (place instanceof Element && node instanceof Element && place.tagName === node.tagName) morph(place, node);
    else if (place.nodeType !== node.nodeType || place instanceof Element) place.replaceWith(node);
    else if (place.nodeValue !== node.nodeValue) place.nodeValue = node.nodeValue;
  });
}

/** The server has escaped what stands in a section. */
function drawSections(sections: Snapshot['sections']): void {
  for (const [id, text] of Object.entries(sections)) {
    const old = found<HTMLElement>(`#${id}`);
    const now = old.cloneNode(false) as HTMLElement;
    now.innerHTML = text;
    morph(old, now);
  }
}

function filter(): RowFilter {
  const data = new FormData(form);
  const text = (name: string): string => String(data.get(name) ?? '').trim();
  return { namespace: text('namespace'), verdict: text('verdict'), reason: text('reason'), text: text('text') };
}

/** The address with the filter, and with what is given besides. */
function address(given: Readonly<Record<string, string>>): string {
  const all = Object.entries({ ...filter(), ...given }).filter(([, value]) => value !== '');
  return all.length === 0 ? './' : `?${new URLSearchParams(all)}`;
}

const pageText = (number: number): string => (number > 1 ? String(number) : '');

/** Draws the page of the table. Only lines whose workload has changed are touched. */
function drawTable(): void {
  order ??= [...rows.values()].sort(byName).map(keyOfRow);
  const wanted = filter();
  const all = order.flatMap((key) => {
    const row = rows.get(key);
    return row && isShown(row, wanted) ? [row] : [];
  });
  page = Math.max(1, Math.min(page, Math.ceil(all.length / PAGE_ROWS)));
  const from = (page - 1) * PAGE_ROWS;
  const here = all.slice(from, from + PAGE_ROWS);
  const keys = new Set(here.map(keyOfRow));
  for (const [key, { line }] of drawn) {
    if (keys.has(key)) continue;
    line.remove();
    drawn.delete(key);
  }
  here.forEach((row, index) => {
    const line = lineOf(row);
    const place = body.rows[index] ?? null;
    if (line !== place) body.insertBefore(line, place);
  });
  setText(found('#count'), pageWords(from, here.length, all.length, rows.size));
  pageLink('prev', page - 1, from > 0);
  pageLink('next', page + 1, from + here.length < all.length);
}

function lineOf(row: PageRow): HTMLTableRowElement {
  const key = keyOfRow(row);
  const known = drawn.get(key);
  if (known?.row === row) return known.line;
  const line = known?.line ?? newLine(row, key);
  const cells = [row.verdict, stepWords(row), row.detail];
  cells.forEach((text, index) => {
    const cell = line.cells[index + 3];
    if (cell) setText(cell, text);
  });
  const verdict = line.cells[3];
  if (verdict) verdict.className = `verdict ${row.verdict}`;
  if (known?.row) flash(line);
  drawn.set(key, { line, row });
  return line;
}

function newLine(row: PageRow, key: string): HTMLTableRowElement {
  const line = document.createElement('tr');
  line.append(...['td', 'th', 'td', 'td', 'td', 'td'].map((tag) => document.createElement(tag)));
  const [namespace, name, kind] = line.cells;
  if (!namespace || !name || !kind) return line;
  namespace.textContent = row.namespace;
  kind.textContent = row.kind;
  name.scope = 'row';
  const link = document.createElement('a');
  link.href = `${address({ [EXPLAIN]: key })}#explanation`;
  link.textContent = row.name;
  name.append(link);
  return line;
}

function flash(line: HTMLTableRowElement): void {
  line.classList.remove('new');
  requestAnimationFrame(() => line.classList.add('new'));
}

function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function pageLink(rel: string, number: number, isThere: boolean): void {
  const link = found<HTMLAnchorElement>(`nav [rel=${rel}]`);
  link.hidden = !isThere;
  link.href = address({ [PAGE]: pageText(number) });
}

/** Offers the reasons that there are. */
function drawReasons(): void {
  const there = new Set([...rows.values()].map(({ reason }) => reason).concat(reasons.value));
  const wanted = ['', ...[...there].filter(Boolean).sort()];
  if (wanted.join() === [...reasons.options].map(({ value }) => value).join()) return;
  const chosen = reasons.value;
  reasons.replaceChildren(...wanted.map((value) => new Option(value || 'all', value, false, value === chosen)));
}

function filtered(): void {
  page = 1;
  history.replaceState(null, '', address({}));
  drawTable();
}

async function load(): Promise<void> {
  const answer = await fetch('snapshot.json', { cache: 'no-store' });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const { version, sections, rows: all } = (await answer.json()) as Snapshot;
  const kept = new Map(rows);
  rows.clear();
  for (const row of all) {
    const old = kept.get(keyOfRow(row));
    rows.set(keyOfRow(row), old && JSON.stringify(old) === JSON.stringify(row) ? old : row);
  }
  order = undefined;
  drawSections(sections);
  drawReasons();
  drawTable();
  listen(version);
}

function listen(version: string): void {
  const events = new EventSource(`events?since=${encodeURIComponent(version)}`);
  const again = (words: string): void => {
    events.close();
    setText(connection, words);
    setTimeout(start, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  };
  events.addEventListener('open', () => {
    pause = FIRST_PAUSE;
    setText(connection, 'Live');
  });
  events.addEventListener('update', ({ data }) => update(JSON.parse(data)));
  events.addEventListener('reset', () => {
    events.close();
    start();
  });
  events.addEventListener('error', () => {
    // the browser tries again by itself, unless it was refused
    if (events.readyState === EventSource.CLOSED) again('Not live: refreshed from time to time');
    else setText(connection, 'Connection lost, trying again');
  });
}

function update({ sections, rows: changed, gone }: Update): void {
  const startedAt = performance.now();
  for (const key of gone) if (rows.delete(key)) order = undefined;
  for (const row of changed) {
    const key = keyOfRow(row);
    if (!rows.has(key)) order = undefined;
    rows.set(key, row);
  }
  drawSections(sections);
  if (changed.length + gone.length > 0) {
    drawReasons();
    drawTable();
  }
  // only the last one is kept, because a page may be open for weeks
  performance.clearMeasures(UPDATE);
  performance.measure(UPDATE, { start: startedAt });
}

function start(): void {
  load().catch(() => {
    setText(connection, 'Connection lost, trying again');
    setTimeout(start, pause);
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  });
}

async function explain(key: string): Promise<void> {
  const text = await fetch(`explain?workload=${encodeURIComponent(key)}`, { cache: 'no-store' }).then(
    (answer) => answer.text(),
    () => 'The page cannot reach its server. Try again when the connection is back.',
  );
  setText(found('dialog h2'), key);
  setText(found('dialog pre'), text);
  if (!dialog.open) dialog.showModal();
}

let typing: ReturnType<typeof setTimeout> | undefined;
form.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(filtered, TYPING);
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  filtered();
});
body.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const key = link && new URLSearchParams(link.search).get(EXPLAIN);
  if (!key || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void explain(key);
});
found<HTMLElement>('nav').addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  page = Number(new URLSearchParams(link.search).get(PAGE)) || 1;
  history.replaceState(null, '', address({ [PAGE]: pageText(page) }));
  drawTable();
  found<HTMLElement>('#h-workloads').focus();
});
for (const line of body.rows) {
  const key = new URLSearchParams(line.querySelector('a')?.search).get(EXPLAIN);
  if (key) drawn.set(key, { line });
}
start();
