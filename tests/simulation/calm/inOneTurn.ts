import { syncBuiltinESMExports } from 'node:module';
import zlib from 'node:zlib';

/**
 * Lets the operator do in a turn of the event loop what it cuts into slices or gives to other threads where time is real: in virtual time
 * others must not go on meanwhile. Imported before the operator's code.
 */
const gzip = (text: zlib.InputType, callback: (error: Error | null, packed: Buffer) => void): void =>
  callback(null, zlib.gzipSync(text, { level: 1 }));
Object.assign(zlib, { gzip });
syncBuiltinESMExports();
performance.now = () => 0;
