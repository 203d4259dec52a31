import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** What RFC 6455 appends to the key of a handshake (section 1.3). */
const ACCEPT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const BINARY = 0x82;
const CLOSE = 0x88;

/** A message of fewer than 126 bytes, as a server sends it. */
const frame = (first: number, payload: Buffer): Buffer => Buffer.concat([Buffer.of(first, payload.length), payload]);

/** The kubelet's end of a port-forward: as much of a WebSocket server as a test needs. */
export class KubeletStandIn {
  /** The bytes that were forwarded. */
  readonly received: Buffer[] = [];
  readonly #socket: Duplex;
  #rest = Buffer.alloc(0);

  /** Upgrades the connection, and reads what comes. */
  constructor(request: IncomingMessage, socket: Duplex) {
    this.#socket = socket;
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${ACCEPT}`).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    const more = [
      `Sec-WebSocket-Accept: ${accept}`,
      `Sec-WebSocket-Protocol: ${request.headers['sec-websocket-protocol']}`,
    ];
    socket.write(`${[...lines, ...more].join('\r\n')}\r\n\r\n`);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => undefined);
  }

  /** Sends a message on a channel: 0 for data, 1 for errors. */
  say(channel: 0 | 1, content: Buffer | string): void {
    this.#socket.write(frame(BINARY, Buffer.concat([Buffer.of(channel), Buffer.from(content)])));
  }

  /** Ends the forward, as a kubelet does whose pod has gone. */
  close(): void {
    this.#socket.write(frame(CLOSE, Buffer.alloc(0)));
    this.#socket.end();
  }

  /** A client's frames are masked (section 5.3). */
  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (;;) {
      const short = (this.#rest[1] ?? 0) & 0x7f;
      const header = short === 126 ? 4 : 2;
      if (this.#rest.length < header) return;
      const length = short === 126 ? this.#rest.readUInt16BE(2) : short;
      const end = header + 4 + length;
      if (this.#rest.length < end) return;
      const mask = this.#rest.subarray(header, header + 4);
      const payload = Buffer.from(this.#rest.subarray(header + 4, end)).map((byte, at) => byte ^ (mask[at % 4] ?? 0));
      if (this.#rest[0] === BINARY) this.received.push(Buffer.from(payload));
      this.#rest = this.#rest.subarray(end);
    }
  }
}
