import { createHash } from 'node:crypto';
import { script } from './script.ts';
import { STYLE } from './style.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Only this script and this style, nothing from elsewhere, and no frame around the page. */
const policy = (): string =>
  [
    "default-src 'none'",
    `script-src ${hashOf(script())}`,
    `style-src ${hashOf(STYLE)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

let made: Readonly<Record<string, string>> | undefined;

/** What every answer says, whatever it is. */
export function pageHeaders(): Readonly<Record<string, string>> {
  made ??= {
    'content-security-policy': policy(),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
  };
  return made;
}
