import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { parse } from 'yaml';

/** The yardstick: reads every pod in pages of 500 as JSON, parses the pages and throws them away. */
interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

const config = parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Kubeconfig;
const { server, 'certificate-authority-data': ca } = config.clusters[0]?.cluster ?? {
  server: '',
  'certificate-authority-data': '',
};
const user = config.users[0]?.user;
const pem = (data: string | undefined): string => Buffer.from(data ?? '', 'base64').toString('utf8');
const agent = new Agent({
  connect: { ca: pem(ca), cert: pem(user?.['client-certificate-data']), key: pem(user?.['client-key-data']) },
});

let pods = 0;
let next = '';
do {
  const path = `/api/v1/pods?limit=500${next && `&continue=${encodeURIComponent(next)}`}`;
  const { body } = await agent.request({ origin: server, path, method: 'GET' });
  const page = (await body.json()) as { items: unknown[]; metadata: { continue?: string } };
  pods += page.items.length;
  next = page.metadata.continue ?? '';
} while (next);
await agent.close();
process.stdout.write(`${pods}\n`);
