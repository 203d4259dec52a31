import type { Parts } from '../status/runSection.ts';
import { html, type Markup } from './html.ts';

const WIDTH = 100;

/**
 * A bar: current, in flight, failed, and what is left. The words beside it say the same, so it is hidden from readers of screens.
 * Attributes give the widths, because the page allows no style but its own.
 */
export function bar({ current, inFlight, failed, total }: Parts): Markup {
  const share = (count: number): number => Math.max(0, Math.min(1, count / Math.max(1, total))) * WIDTH;
  const parts: [name: string, width: number][] = [
    ['current', total <= 0 ? WIDTH : share(current)],
    ['in-flight', share(inFlight)],
    ['failed', share(failed)],
  ];
  let x = 0;
  const pieces = parts.map(([name, width]) => {
    const given = Math.min(width, WIDTH - x);
    const piece = html`<rect class="${name}" x="${round(x)}" width="${round(given)}" height="1"/>`;
    x += given;
    return piece;
  });
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 1" preserveAspectRatio="none" aria-hidden="true">${pieces}</svg>`;
}

const round = (number: number): number => Math.round(number * 100) / 100;
