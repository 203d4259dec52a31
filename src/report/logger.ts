import winston from 'winston';
import { messageOf } from '../messageOf.ts';
import { cut } from './escaped.ts';
import { jsonText } from './machineText.ts';

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
    logLine({ ts: new Date().toISOString(), level: severity, msg: message, ...fields }),
  );
  return winston.createLogger({ level, format: line, transports: [new winston.transports.Console()] });
}

/** Characters of one text in a log line; log collectors cut lines at 16 KiB (containerd's and CRI-O's limit). */
const TEXT_LIMIT = 1000;
const ITEM_LIMIT = 50;

/**
 * One log line: JSON on which no terminal acts. Texts and lists of others' making are cut, so that no tenant fills the log; what is kept of
 * them is exact for programs that parse the line.
 */
export const logLine = (fields: object): string => jsonText(bounded(fields));

function bounded(value: unknown): unknown {
  if (typeof value === 'string') return cut(value, TEXT_LIMIT);
  if (Array.isArray(value)) {
    const shown = value.slice(0, ITEM_LIMIT).map(bounded);
    return value.length > ITEM_LIMIT ? [...shown, `… and ${value.length - ITEM_LIMIT} more`] : shown;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bounded(one)]));
}

/** An error as log fields: never a body, a header or a stack of someone else's making. */
export const errorFields = (error: unknown): object => ({
  err: messageOf(error),
});
