import { ApiError } from '../../src/cluster/apiError.ts';
import type { Dice } from '../unit/fuzz/dice.ts';

/** Below the minute after which an API server has ended a request, whatever came of it. */
const LATEST = 30_000;

/** What befalls one call to the API server or to an injector. Times are milliseconds. */
export interface Crossing {
  /** From sending until the server acts. */
  readonly there: number;
  /** From then until the answer arrives. */
  readonly back: number;
  readonly mishap?: 'refused' | 'conflict' | 'lost' | 'late' | undefined;
  /** Of a write whose answer is given up while it is still on its way: how much later it lands. */
  readonly late?: number;
}

/** Faults of the network and of servers, as often as told, until the weather is calm. */
export class FaultWeather {
  readonly #dice: Dice;
  /** Mishaps and slow answers among a thousand calls. */
  #mishaps: number;
  #slow: number;

  constructor(dice: Dice, mishaps: number, slow: number) {
    this.#dice = dice;
    this.#mishaps = mishaps;
    this.#slow = slow;
  }

  calm(): void {
    this.#mishaps = 0;
    this.#slow = 0;
  }

  read(): Crossing {
    const mishap = this.#throws(this.#mishaps) ? 'refused' : undefined;
    if (this.#throws(this.#slow)) return { there: this.#dice.below(2000), back: this.#dice.below(6000), mishap };
    return { there: 1 + this.#dice.below(20), back: 0, mishap };
  }

  /** A call for the Lease: of a write the answer alone may be lost. */
  lease(isWrite: boolean): Crossing {
    const crossing = this.read();
    const isLost = crossing.mishap !== undefined && isWrite && this.#dice.once(2);
    return isLost ? { ...crossing, mishap: 'lost' } : crossing;
  }

  /** A write is on its way for less than the time by which a lease outlives its holder's right to write. */
  write(): Crossing & { readonly queued: number } {
    const mishap = this.#throws(3 * this.#mishaps)
      ? this.#dice.pick(['refused', 'conflict', 'lost', 'lost', 'late'] as const)
      : undefined;
    if (mishap === 'late') return { queued: 0, there: 1000, back: 0, mishap, late: this.#dice.below(LATEST) };
    if (this.#throws(this.#slow)) {
      const queued = this.#dice.once(2) ? this.#dice.below(8000) : 0;
      return { queued, there: this.#dice.below(4000), back: this.#dice.below(6000), mishap };
    }
    return { queued: 0, there: 1 + this.#dice.below(20), back: this.#dice.below(10), mishap };
  }

  #throws(ofThousand: number): boolean {
    return ofThousand > 0 && this.#dice.below(1000) < ofThousand;
  }
}

export function failure(
  method: string,
  path: string,
  kind: 'refused' | 'conflict' | 'lost' | 'gone' | 'denied' | 'spent' | 'forbidden',
): ApiError {
  const call = { method, path, message: `${method} ${path}: ${kind}` };
  if (kind === 'conflict') return new ApiError({ ...call, reason: 'Conflict', status: 409 });
  if (kind === 'denied') return new ApiError({ ...call, reason: 'Invalid', status: 422 });
  if (kind === 'forbidden') return new ApiError({ ...call, reason: 'Forbidden', status: 403 });
  if (kind === 'gone') return new ApiError({ ...call, reason: 'NotFound', status: 404 });
  if (kind === 'spent') return new ApiError({ ...call, reason: 'TooManyRequests', status: 429 });
  if (kind === 'lost') return new ApiError({ ...call, reason: 'Timeout' });
  return new ApiError({ ...call, reason: 'InternalError', status: 500 });
}
