import { html, joined, Markup, type Value } from './html.ts';
import type { Snapshot } from './pageFeed.ts';
import type { PageQuery } from './query.ts';
import type { PageRow } from './rowFilter.ts';
import { script } from './script.ts';
import { SECTION_IDS } from './sections.ts';
import { STYLE } from './style.ts';
import { tableMarkup } from './tableMarkup.ts';

const VERDICTS = ['current', 'outdated', 'unknown', 'conflict', 'skipped'];
/** Namespaces that the field suggests. Others can be typed. */
const SUGGESTED = 300;

/**
 * The whole page. It says everything without a script, and fetches nothing. The script keeps it up to date.
 * @param explained how the verdict on one workload comes about, if that is asked for
 */
export function pageDocument({ view, sections }: Snapshot, query: PageQuery, explained?: string): string {
  const rows: ReadonlyMap<string, PageRow> = 'rows' in view ? view.rows : new Map();
  const part = (id: string): Markup => new Markup(sections[id] ?? '');
  const parts = SECTION_IDS.filter((id) => !['updated', 'notes', 'sums'].includes(id));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Meltemi</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#h-workloads">Skip to the workloads</a>
<header>
<h1>Meltemi</h1>
<p id="updated">${part('updated')}</p>
<p id="connection" role="status">Reload the page to see what is new.</p>
</header>
<main>
<div id="notes">${part('notes')}</div>
<div id="sums" aria-live="polite" aria-atomic="true">${part('sums')}</div>
${parts.map(
  (id) => html`<section id="${id}">${part(id)}</section>
`,
)}
<section>
<h2 id="h-workloads" tabindex="-1">Workloads</h2>
${form(rows, query)}
${tableMarkup(rows, query)}
</section>
${explained === undefined ? undefined : explanationMarkup(explained)}
</main>
<dialog aria-labelledby="h-dialog"><form method="dialog"><h2 id="h-dialog">Explanation</h2><button>Close</button></form>\
<pre tabindex="0"></pre></dialog>
<script>${new Markup(script())}</script>
</body>
</html>
`.text;
}

function form(rows: ReadonlyMap<string, PageRow>, { namespace, verdict, reason, text }: PageQuery): Markup {
  const all = [...rows.values()];
  const namespaces = [...new Set(all.map((row) => row.namespace))].sort().slice(0, SUGGESTED);
  const reasons = [...new Set([...all.map((row) => row.reason), reason])].filter((one) => one !== '').sort();
  return html`<form id="filter" method="get" action="./" role="search" aria-label="Filter the workloads">
<label>Namespace <input name="namespace" list="namespaces" value="${namespace}" autocomplete="off" maxlength="253"></label>
<datalist id="namespaces">${namespaces.map((name) => html`<option value="${name}">`)}</datalist>
<label>Verdict <select name="verdict"><option value="">all</option>${options(VERDICTS, verdict)}</select></label>
<label>Reason <select name="reason"><option value="">all</option>${options(reasons, reason)}</select></label>
<label>Text <input name="text" type="search" value="${text}" autocomplete="off" maxlength="200"></label>
<button>Filter</button> <a href="./">Show all</a>
</form>`;
}

const options = (values: readonly string[], chosen: string): Markup =>
  joined(values.map((value) => html`<option${value === chosen ? html` selected` : undefined}>${value}</option>`));

const explanationMarkup = (text: Value): Markup => html`<section id="explanation">
<h2 id="h-explanation">Explanation</h2><pre tabindex="0">${text}</pre></section>`;
