import type { RequestListener } from 'node:http';
import { isLoopback } from '../report/server.ts';

/** The host of a Host header, without its port. */
const HOST = /^(\[[0-9a-f:]{2,45}\]|[0-9a-z.-]{1,253})(:\d{1,5})?$/i;

/** Whether a Host header names this machine. */
function isLocal(header = ''): boolean {
  const [, host = ''] = HOST.exec(header) ?? [];
  return isLoopback({ host: host.toLowerCase().replace(/^\[(.*)\]$/, '$1'), port: 0 });
}

/**
 * Answers only requests that are sent to a loopback name. A website may have its own name resolved to 127.0.0.1 (DNS rebinding): the
 * browser then sends that name, and lets the website read the answer.
 */
export function overLoopback(handler: RequestListener): RequestListener {
  return (request, response) => {
    if (isLocal(request.headers.host)) return handler(request, response);
    response
      .writeHead(421, { 'content-type': 'text/plain; charset=utf-8' })
      .end('open the page as http://localhost or http://127.0.0.1, with its port\n');
  };
}
