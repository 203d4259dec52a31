import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '../../../src/cluster/apiError.ts';
import { KubeClient, type KubeClientOptions } from '../../../src/cluster/client.ts';
import { ApiServer, bodyOf, type ConfigEntries, configFor, json, status } from './apiServer.ts';
import { until } from './deadline.ts';
import { FakeClock } from './fakeClock.ts';
import { OTHER_CERTIFICATE } from './localhostCertificate.ts';

const PATH = '/api/v1/namespaces';

type Extra = Partial<KubeClientOptions> & ConfigEntries;

/** Runs a test against a server that answers as `listener` does. */
async function served(
  listener: RequestListener,
  test: (client: KubeClient, server: ApiServer) => Promise<void>,
  extra: Extra & { tls?: boolean } = {},
): Promise<void> {
  await using server = await new ApiServer(listener, extra).listen();
  const client = new KubeClient({ config: configFor(server.url, extra), userAgent: 'meltemi/test', ...extra });
  try {
    await test(client, server);
  } finally {
    await client.close();
  }
}

async function failure(call: Promise<unknown>): Promise<ApiError> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof ApiError, `not an ApiError: ${String(error)}`);
    return error;
  }
  throw new Error('the call succeeded');
}

describe('client: connections', () => {
  it('serves 200 GETs, in turn and at once, over no more TLS connections than its pool has', async () => {
    await served(
      (_, response) => json(response, 200, { ok: true }),
      async (client, server) => {
        for (let i = 0; i < 100; i++) await client.request({ method: 'GET', path: PATH });
        await Promise.all(Array.from({ length: 100 }, () => client.request({ method: 'GET', path: PATH })));
        assert.ok(server.connections <= 4, `${server.connections} connections`);
        assert.equal(server.methods.length, 200);
      },
      { tls: true, connections: 4 },
    );
  });

  it('keeps ordinary calls free however many watches are open', async () => {
    await served(
      (request, response) => {
        if (request.url?.includes('watch')) response.writeHead(200).flushHeaders();
        else json(response, 200, {});
      },
      async (client, server) => {
        const { signal } = new AbortController();
        for (let i = 0; i < 5; i++) await client.stream({ path: PATH, query: { watch: true }, signal });
        await client.request({ method: 'GET', path: PATH });
        assert.equal(server.methods.length, 6);
      },
      { connections: 1 },
    );
  });

  it('opens new connections when the certificate authority changes', async () => {
    await served(
      (_, response) => json(response, 200, {}),
      async (client, server) => {
        const config = configFor(server.url);
        const rotating = new KubeClient({ config, userAgent: 'meltemi/test' });
        await rotating.request({ method: 'GET', path: PATH });
        config.clusters = config.clusters.map((cluster) => ({
          ...cluster,
          caData: Buffer.from(OTHER_CERTIFICATE).toString('base64'),
        }));
        assert.equal((await failure(rotating.request({ method: 'GET', path: PATH }))).reason, 'TLS');
        await rotating.close();
        await client.request({ method: 'GET', path: PATH });
      },
      { tls: true },
    );
  });
});

describe('client: what it sends', () => {
  it('sends the token, its own name, and no wish for gzip', async () => {
    await served(
      ({ headers }, response) => json(response, 200, headers),
      async (client) => {
        const headers = await client.request<Record<string, string>>({ method: 'GET', path: PATH });
        assert.equal(headers.authorization, 'Bearer secret-token');
        assert.equal(headers['user-agent'], 'meltemi/test');
        assert.equal(headers['accept-encoding'], undefined);
      },
    );
  });

  it('reads a token file for its calls and strips the line end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meltemi-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'from-file\n');
    await served(
      ({ headers }, response) => json(response, 200, headers),
      async (client) => {
        const headers = await client.request<Record<string, string>>({ method: 'GET', path: PATH });
        assert.equal(headers.authorization, 'Bearer from-file');
      },
      { tokenFile },
    );
    rmSync(folder, { recursive: true });
  });

  it("puts the server URL's own path before the API's and escapes parameters", async () => {
    await served(
      ({ url }, response) => json(response, 200, url),
      async (client) => {
        const query = { labelSelector: 'a=b,c in (d)', limit: 5, continue: undefined };
        const url = await client.request({ method: 'GET', path: PATH, query });
        assert.equal(url, '/k8s/clusters/x/api/v1/namespaces?labelSelector=a%3Db%2Cc+in+%28d%29&limit=5');
      },
      { path: '/k8s/clusters/x/' },
    );
  });

  it('sends a patch with its own content type', async () => {
    await served(
      (request, response) => {
        void bodyOf(request).then((body) => json(response, 200, { body, type: request.headers['content-type'] }));
      },
      async (client) => {
        const contentType = 'application/merge-patch+json';
        const echo = await client.request({ method: 'PATCH', path: PATH, body: { a: 1 }, contentType });
        assert.deepEqual(echo, { body: { a: 1 }, type: contentType });
      },
    );
  });

  it('sends nothing when the last check before sending throws', async () => {
    let arrived = 0;
    await served(
      (_, response) => {
        arrived += 1;
        json(response, 200, {});
      },
      async (client) => {
        const beforeSend = (): never => {
          throw new Error('no longer the leader');
        };
        await assert.rejects(
          client.request({ method: 'PATCH', path: PATH, body: {}, beforeSend }),
          /no longer the leader/,
        );
        assert.equal(arrived, 0);
      },
    );
  });
});

describe('client: trying again', () => {
  const throttled = (times: number, code: number, retryAfter?: string): RequestListener => {
    let left = times;
    return (_, response) => {
      const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      if (left-- > 0) json(response, code, status(code, 'TooManyRequests', 'slow down'), headers);
      else json(response, 200, { done: true });
    };
  };

  it('repeats a write after 429, once the server said it may', async () => {
    const clock = new FakeClock();
    await served(
      throttled(1, 429, '7'),
      async (client, server) => {
        const call = client.request({ method: 'PATCH', path: PATH, body: {} });
        await until('the wait', () => clock.sleeping.length === 1);
        assert.deepEqual(clock.sleeping, [7000]);
        clock.advance(7000);
        assert.deepEqual(await call, { done: true });
        assert.deepEqual(server.methods, ['PATCH', 'PATCH']);
      },
      { clock },
    );
  });

  it('hands a 429 on at once when waiting would outlast the time limit', async () => {
    await served(throttled(1, 429, '60'), async (client, server) => {
      const error = await failure(client.request({ method: 'GET', path: PATH }));
      assert.deepEqual([error.status, error.retryAfterMs], [429, 60_000]);
      assert.equal(server.methods.length, 1);
    });
  });

  it('hands a 429 on when told not to repeat', async () => {
    await served(throttled(1, 429, '0'), async (client, server) => {
      const error = await failure(client.request({ method: 'POST', path: PATH, body: {}, retries: 0 }));
      assert.equal(error.status, 429);
      assert.equal(server.methods.length, 1);
    });
  });

  it('gives up after four repetitions', async () => {
    await served(throttled(99, 429, '0'), async (client, server) => {
      assert.equal((await failure(client.request({ method: 'GET', path: PATH }))).status, 429);
      assert.equal(server.methods.length, 5);
    });
  });

  for (const code of [503, 504]) {
    it(`repeats a GET after ${code} with Retry-After, and never a write`, async () => {
      await served(throttled(1, code, '0'), async (client) => {
        assert.deepEqual(await client.request({ method: 'GET', path: PATH }), { done: true });
      });
      await served(throttled(1, code, '0'), async (client, server) => {
        assert.equal((await failure(client.request({ method: 'PATCH', path: PATH, body: {} }))).status, code);
        assert.deepEqual(server.methods, ['PATCH']);
      });
    });
  }

  it('hands a 503 without Retry-After on at once', async () => {
    await served(throttled(1, 503), async (client) => {
      assert.equal((await failure(client.request({ method: 'GET', path: PATH }))).status, 503);
    });
  });

  it('repeats a GET whose connection was lost, and never a write', async () => {
    const cut = (): RequestListener => {
      let left = 1;
      return (request, response) => (left-- > 0 ? request.socket.destroy() : json(response, 200, { done: true }));
    };
    await served(cut(), async (client, server) => {
      assert.deepEqual(await client.request({ method: 'GET', path: PATH }), { done: true });
      assert.equal(server.methods.length, 2);
    });
    await served(cut(), async (client, server) => {
      assert.equal((await failure(client.request({ method: 'PATCH', path: PATH, body: {} }))).reason, 'Network');
      assert.deepEqual(server.methods, ['PATCH']);
    });
  });
});

describe('client: how it fails', () => {
  it("carries the Status' reason and message, and no token", async () => {
    const said = status(403, 'Forbidden', 'namespaces is forbidden: User "x" cannot list resource "namespaces"');
    await served(
      (_, response) => json(response, 403, said),
      async (client) => {
        const error = await failure(client.request({ method: 'GET', path: PATH, query: { limit: 1 } }));
        assert.equal(error.reason, 'Forbidden');
        assert.equal(
          error.message,
          `GET ${PATH}: 403: namespaces is forbidden: User "x" cannot list resource "namespaces"`,
        );
        assert.ok(!JSON.stringify(error).includes('secret-token'));
      },
    );
  });

  it('says after how long an answer that never comes was given up, in whole milliseconds', async () => {
    await served(
      () => undefined,
      async (client) => {
        const error = await failure(client.request({ method: 'GET', path: PATH, timeoutMs: 19.3 }));
        assert.deepEqual([error.reason, error.message], ['Timeout', `GET ${PATH}: no answer within 20 ms`]);
      },
    );
  });

  it('gives up an answer that begins and never ends', async () => {
    await served(
      (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      async (client) => {
        assert.equal((await failure(client.request({ method: 'GET', path: PATH, timeoutMs: 20 }))).reason, 'Timeout');
      },
    );
  });

  it('ends a call when its caller stops it', async () => {
    const stop = new AbortController();
    await served(
      () => stop.abort(),
      async (client, server) => {
        assert.equal(
          (await failure(client.request({ method: 'GET', path: PATH, signal: stop.signal }))).reason,
          'Aborted',
        );
        assert.equal(
          (await failure(client.request({ method: 'GET', path: PATH, signal: stop.signal }))).reason,
          'Aborted',
        );
        assert.equal(server.methods.length, 1);
      },
    );
  });

  it('ends calls and watches in flight when it is closed', async () => {
    await served(
      (request, response) => {
        if (request.url?.includes('watch')) response.writeHead(200).flushHeaders();
      },
      async (client, server) => {
        const { signal } = new AbortController();
        const pieces = await client.stream({ path: PATH, query: { watch: true }, signal });
        const watch = failure(Array.fromAsync(pieces));
        const call = failure(client.request({ method: 'GET', path: PATH }));
        await until('the call', () => server.methods.length === 2);
        await client.close();
        assert.deepEqual([(await watch).reason, (await call).reason], ['Aborted', 'Aborted']);
      },
    );
  });

  it('says that nothing listens, and at which address', async () => {
    const server = await new ApiServer(() => undefined).listen();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const client = new KubeClient({ config: configFor(url), userAgent: 'meltemi/test' });
    const error = await failure(client.request({ method: 'GET', path: PATH }));
    assert.deepEqual([error.reason, error.message.includes(`${url}: connection refused`)], ['Network', true]);
    await client.close();
  });

  it('says that the server is not of the authority in the kubeconfig', async () => {
    await served(
      (_, response) => json(response, 200, {}),
      async (client) => {
        const error = await failure(client.request({ method: 'GET', path: PATH }));
        assert.equal(error.reason, 'TLS');
        assert.match(error.message, /not signed by the kubeconfig's certificate authority/);
      },
      { tls: true, ca: OTHER_CERTIFICATE },
    );
  });

  it('does not quote what is no Status', async () => {
    await served(
      (_, response) => response.writeHead(502).end('<html>secret-page</html>'),
      async (client) => {
        const error = await failure(client.request({ method: 'GET', path: PATH }));
        assert.deepEqual(
          [error.status, error.reason, error.message],
          [502, 'HTTP', `GET ${PATH}: 502: no reason given`],
        );
      },
    );
  });

  it('says that an answer is not JSON', async () => {
    await served(
      (_, response) => response.end('<html>'),
      async (client) =>
        assert.equal((await failure(client.request({ method: 'GET', path: PATH }))).reason, 'Malformed'),
    );
  });

  it('does not show what a credential plugin printed', async () => {
    const client = clientWithPlugin(['-e', 'console.log("eyJ-secret")']);
    const error = await failure(client.request({ method: 'GET', path: PATH }));
    assert.equal(error.reason, 'Authentication');
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /eyJ/);
    await client.close();
  });

  it.each([
    ['the cluster’s certificate authority', 'cluster', 'caFile', 'certificate-authority of the cluster'],
    ['the user’s certificate', 'user', 'certFile', 'the user'],
    ['the user’s key', 'user', 'keyFile', 'the user'],
  ] as const)('says where to look when the file of %s is missing', async (_, entry, field, where) => {
    const config = configFor('https://127.0.0.1:1');
    const missing = { [field]: '/nowhere/file.pem' };
    if (entry === 'cluster') config.clusters = config.clusters.map((cluster) => ({ ...cluster, ...missing }));
    else config.users = [{ name: 'u', ...missing }];
    const client = new KubeClient({ config, userAgent: 'meltemi/test' });
    const { message } = await failure(client.request({ method: 'GET', path: PATH }));
    assert.match(message, /ENOENT.*'\/nowhere\/file\.pem'/);
    assert.ok(message.endsWith(`; check ${where} in the kubeconfig`), message);
    await client.close();
  });

  it('asks a credential plugin once for calls that start together', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meltemi-'));
    const credential = JSON.stringify({ kind: 'ExecCredential', status: { token: 'from-plugin' } });
    const script = `require('fs').appendFileSync('${folder}/runs', 'x'); console.log('${credential}')`;
    await served(
      ({ headers }, response) => json(response, 200, headers.authorization),
      async (_, server) => {
        const client = clientWithPlugin(['-e', script], server.url);
        const calls = Array.from({ length: 5 }, () => client.request({ method: 'GET', path: PATH }));
        assert.deepEqual(new Set(await Promise.all(calls)), new Set(['Bearer from-plugin']));
        const { readFileSync } = await import('node:fs');
        assert.equal(readFileSync(`${folder}/runs`, 'utf8'), 'x');
        await client.close();
      },
    );
    rmSync(folder, { recursive: true });
  });
});

function clientWithPlugin(args: string[], server = 'http://127.0.0.1:1'): KubeClient {
  const config = configFor(server);
  config.users = [{ name: 'u', exec: { command: process.execPath, args } }];
  return new KubeClient({ config, userAgent: 'meltemi/test' });
}

describe('client: streams', () => {
  const watch = { path: PATH, query: { watch: true } };

  it('hands bytes on as they come and ends with the server', async () => {
    await served(
      (_, response) => {
        response.write('one');
        response.end('two');
      },
      async (client) => {
        const pieces = await Array.fromAsync(await client.stream({ ...watch, signal: new AbortController().signal }));
        assert.equal(Buffer.concat(pieces).toString(), 'onetwo');
      },
    );
  });

  it('throws when the connection is lost in the middle', async () => {
    await served(
      (request, response) => response.write('one', () => request.socket.destroy()),
      async (client) => {
        const pieces = await client.stream({ ...watch, signal: new AbortController().signal });
        assert.equal((await failure(Array.fromAsync(pieces))).reason, 'Network');
      },
    );
  });

  it('throws the Status of a refused watch', async () => {
    await served(
      (_, response) => json(response, 410, status(410, 'Expired', 'too old resource version')),
      async (client) => {
        const error = await failure(client.stream({ ...watch, signal: new AbortController().signal }));
        assert.deepEqual([error.status, error.reason], [410, 'Expired']);
      },
    );
  });
});
