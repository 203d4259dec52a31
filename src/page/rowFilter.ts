/** A workload in the table of the page. Its texts are bounded, and safe to show. */
export interface PageRow {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly verdict: string;
  /** What is done about it now; `none` is nothing. */
  readonly action: string;
  readonly reason: string;
  readonly detail: string;
}

/** Which workloads the table shows. What is empty excludes nothing. */
export interface RowFilter {
  /** What a namespace has in its name. */
  readonly namespace: string;
  readonly verdict: string;
  readonly reason: string;
  /** Words that a row has to have somewhere, in any case. */
  readonly text: string;
}

/** Rows of one page of the table. */
export const PAGE_ROWS = 300;

/** Identifies a workload. */
export const keyOfRow = (row: Pick<PageRow, 'namespace' | 'kind' | 'name'>): string =>
  `${row.kind}/${row.namespace}/${row.name}`;

/** Whether the table shows a row. */
export function isShown(row: PageRow, filter: RowFilter): boolean {
  if (!row.namespace.includes(filter.namespace)) return false;
  if (filter.verdict !== '' && row.verdict !== filter.verdict) return false;
  if (filter.reason !== '' && row.reason !== filter.reason) return false;
  if (filter.text === '') return true;
  const text = `${row.namespace} ${row.kind}/${row.name} ${row.verdict} ${stepWords(row)} ${row.detail}`.toLowerCase();
  return words(filter.text).every((word) => text.includes(word));
}

/** The order of the table: by name, so that a row keeps its place while its workload changes. */
export const byName = (a: PageRow, b: PageRow): number =>
  compared(a.namespace, b.namespace) || compared(a.name, b.name) || compared(a.kind, b.kind);

/** What is done about a workload, and why. */
export const stepWords = (row: PageRow): string =>
  [row.action === 'none' ? '' : row.action, row.reason].filter(Boolean).join(': ');

/** Which rows of the table are on the page. */
export function pageWords(from: number, here: number, shown: number, all: number): string {
  const of = shown === all ? `${all} workloads` : `${shown} matching workloads, ${all} in all`;
  return here === 0 ? `None of ${of}` : `${from + 1} to ${from + here} of ${of}`;
}

const words = (text: string): string[] => text.toLowerCase().split(' ').filter(Boolean);

const compared = (a: string, b: string): number => Number(a > b) - Number(a < b);
