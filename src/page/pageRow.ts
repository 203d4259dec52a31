import type { Row } from '../report/row.ts';
import type { PageRow } from './rowFilter.ts';
import { shown } from './shown.ts';

const NAME_LIMIT = 253;
const DETAIL_LIMIT = 300;

/** What the table shows of a decision. */
export function pageRow(row: Omit<Row, 'others'>): PageRow {
  const { kind, namespace, name, verdict, action, reason, from = '', to = '', detail, until, wave, order } = row;
  const details = [
    verdict === 'outdated' && from !== to ? [from, to].filter(Boolean).join(' → ') : '',
    detail,
    until === undefined ? '' : `until ${until}`,
    order === undefined ? '' : `number ${order} in the queue`,
    wave === undefined ? '' : `wave ${wave}`,
  ].filter(Boolean);
  return {
    namespace: shown(namespace, NAME_LIMIT),
    kind: shown(kind, NAME_LIMIT),
    name: shown(name, NAME_LIMIT),
    verdict,
    action,
    reason,
    detail: shown(details.join('; '), DETAIL_LIMIT),
  };
}

/** Whether two rows show the same. */
export const isSameRow = (a: PageRow, b: PageRow): boolean =>
  a.verdict === b.verdict && a.action === b.action && a.reason === b.reason && a.detail === b.detail;
