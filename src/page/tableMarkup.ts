import { html, type Markup } from './html.ts';
import { addressOf, type PageQuery } from './query.ts';
import { byName, isShown, keyOfRow, PAGE_ROWS, type PageRow, pageWords, stepWords } from './rowFilter.ts';

const COLUMNS = ['Namespace', 'Workload', 'Kind', 'Verdict', 'Step', 'Detail'];

/** A page of the workloads that the query asks for, with links to those before and after it. */
export function tableMarkup(rows: ReadonlyMap<string, PageRow>, query: PageQuery): Markup {
  const all = [...rows.values()].filter((row) => isShown(row, query)).sort(byName);
  const from = Math.min(query.page - 1, Math.max(0, Math.ceil(all.length / PAGE_ROWS) - 1)) * PAGE_ROWS;
  const here = all.slice(from, from + PAGE_ROWS);
  return html`<p id="count" role="status">${pageWords(from, here.length, all.length, rows.size)}</p>
<div class="wide" tabindex="0" role="region" aria-labelledby="h-workloads">
<table id="workloads"><caption class="unseen">All workloads, by name</caption>
<thead><tr>${COLUMNS.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${here.map((row) => rowMarkup(row, query))}</tbody></table></div>
<nav aria-label="Pages of the table">${pageLink('Previous', from > 0, query, from / PAGE_ROWS)}
${pageLink('Next', from + here.length < all.length, query, from / PAGE_ROWS + 2)}</nav>`;
}

function rowMarkup(row: PageRow, query: PageQuery): Markup {
  const address = `${addressOf({ ...query, explain: keyOfRow(row) })}#explanation`;
  return html`<tr><td>${row.namespace}</td><th scope="row"><a href="${address}">${row.name}</a></th><td>${row.kind}</td>\
<td class="verdict ${row.verdict}">${row.verdict}</td><td>${stepWords(row)}</td><td>${row.detail}</td></tr>
`;
}

function pageLink(words: string, isThere: boolean, query: PageQuery, page: number): Markup {
  const address = addressOf({ ...query, page, explain: '' });
  const hidden = isThere ? undefined : html` hidden`;
  return html`<a rel="${words.toLowerCase().slice(0, 4)}" href="${address}"${hidden}>${words} ${PAGE_ROWS}</a>`;
}
