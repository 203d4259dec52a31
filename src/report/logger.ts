import winston from 'winston';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export const LOG_LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug'];

/** One JSON object a line: `ts`, `level`, `msg`, then keys in lowerCamelCase; the message is constant, what varies is in the keys. */
export interface Logger {
  error(msg: string, fields?: object): void;
  warn(msg: string, fields?: object): void;
  info(msg: string, fields?: object): void;
  debug(msg: string, fields?: object): void;
}

/** Logs to standard output. */
export function createLogger(level: LogLevel): Logger {
  const line = winston.format.printf(({ level: severity, message, ...fields }) =>
    JSON.stringify({ ts: new Date().toISOString(), level: severity, msg: message, ...fields }),
  );
  return winston.createLogger({ level, format: line, transports: [new winston.transports.Console()] });
}

/** An error as log fields: never a body, a header or a stack of someone else's making. */
export const errorFields = (error: unknown): object => ({
  err: error instanceof Error ? error.message : String(error),
});
