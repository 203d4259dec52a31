import type { RowFilter } from './rowFilter.ts';

/** What the address of the page asks for. */
export interface PageQuery extends RowFilter {
  /** From 1. */
  readonly page: number;
  /** The key of the workload whose verdict is explained; empty for none. */
  readonly explain: string;
}

/** Characters of one parameter. A key of a workload has three names of at most 253. */
const LONGEST = 800;

/** Reads the query of an address. What is missing, or has no sense, asks for nothing. */
export function queryOf(url: string): PageQuery {
  const parameters = new URLSearchParams(url.split('?')[1] ?? '');
  const text = (name: string): string => (parameters.get(name) ?? '').trim().slice(0, LONGEST);
  const page = Number(text('page'));
  return {
    namespace: text('namespace'),
    verdict: text('verdict'),
    reason: text('reason'),
    text: text('text'),
    page: Number.isSafeInteger(page) && page >= 1 ? page : 1,
    explain: text('explain'),
  };
}

/** The address of the page with that query, from the page itself. */
export function addressOf(query: PageQuery): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== '' && !(name === 'page' && value === 1)) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? './' : `?${text}`;
}
