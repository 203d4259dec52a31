/**
 * The injector cannot be reached: no connection, or no address. Any other error concerns one question, unless all others fail too.
 */
export class ConnectionFault extends Error {}

/** What went wrong with a request to an injector or to Prometheus, on one line. */
export function describe(error: unknown): string {
  const { name, message, code, cause } = error as Error & { code?: string };
  if (name === 'TimeoutError') return 'no complete answer within the time limit';
  const inner = (cause as Error | undefined)?.message;
  return [code, message || inner].filter(Boolean).join(': ');
}
