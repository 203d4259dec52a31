import type { Api, ApiResponse } from '../cluster/api.ts';
import { ApiError } from '../cluster/apiError.ts';
import { type Continued, eachPage, pageQuery } from '../cluster/list.ts';
import { fittingPage, PAGE_SIZE, pageLimitFor } from '../cluster/pageLimit.ts';
import type { Priority } from '../cluster/priority.ts';
import { readOnce } from '../cluster/readOnce.ts';
import { resourcePath } from '../cluster/resources.ts';
import { fits, type Shape } from '../fieldTypes.ts';
import { messageOf } from '../messageOf.ts';
import type { PodFacts } from '../model.ts';
import { type Intern, interner } from './interner.ts';
import { POD, type PodWishes, podFacts } from './podFields.ts';
import { nextPageFromProtobuf, podListFromProtobuf } from './podProtobuf.ts';
import type { RawPod } from './rawPod.ts';
import { SidecarConfigs } from './sidecarConfig.ts';

export interface PodScan extends PodWishes {
  /** All namespaces if absent. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly signal?: AbortSignal;
  /** `scan` by default. */
  readonly priority?: Priority;
}

/** Where pods are read from, page by page, each reduced to its facts as it comes. Pages are not one snapshot. */
export interface PodSource {
  /** @throws ListExpired when the pages read so far must be discarded; ApiError for everything else */
  pods(scan: PodScan): AsyncIterable<PodFacts[]>;
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/**
 * Pages of 500, or fewer where pods are large, in protobuf, whose unwanted parts are skipped and not parsed; in JSON where a server answers
 * so all the same.
 */
export class PagedPodSource implements PodSource {
  readonly #api: Api;
  readonly #limit: number;
  readonly #configs = new SidecarConfigs();

  /** @param limit pods per page */
  constructor(api: Api, limit = PAGE_SIZE) {
    this.#api = api;
    this.#limit = limit;
  }

  async *pods(scan: PodScan): AsyncGenerator<PodFacts[]> {
    const { namespace, signal, priority } = scan;
    const path = resourcePath('pods', namespace);
    const read = { path, wishes: scan, intern: interner(), configs: this.#configs };
    const pageLimit = pageLimitFor(this.#api, path, this.#limit);
    const accept = `${PROTOBUF},application/json`;
    const common = { method: 'GET', path, accept, ...(signal && { signal }), ...(priority && { priority }) } as const;
    const pages = eachPage(path, async (continued) => {
      const answer = await fittingPage(
        pageLimit,
        ({ limit, ...bound }) =>
          this.#api.send({ ...common, ...bound, query: pageQuery({ ...scan, limit }, continued) }),
        { length: ({ body }) => body.length },
      );
      return readPage(read, answer);
    });
    for await (const { pods } of pages) yield pods();
  }
}

/** A page whose pods are read when they are wanted: the next page is asked for before that. */
interface PodPage extends Continued {
  readonly pods: () => PodFacts[];
}

interface PageReading {
  readonly path: string;
  readonly wishes: PodWishes;
  readonly intern: Intern;
  readonly configs: SidecarConfigs;
}

function readPage({ path, wishes, intern, configs }: PageReading, { status, contentType, body }: ApiResponse): PodPage {
  const orMalformed = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      const said = error instanceof SyntaxError ? 'it is not JSON' : messageOf(error);
      const message = `GET ${path}: the list of pods cannot be read: ${said}`;
      throw new ApiError({ method: 'GET', path, status, reason: 'Malformed', message });
    }
  };
  if (contentType.startsWith(PROTOBUF))
    return {
      continued: orMalformed(() => nextPageFromProtobuf(body)),
      pods: () =>
        orMalformed(() => readOnce(body, (bytes) => podListFromProtobuf(bytes, intern, wishes, configs).pods)),
    };
  const { pods, continued } = orMalformed(() =>
    readOnce(body, (bytes) => podListFromJson(bytes, intern, wishes, configs)),
  );
  return { continued, pods: () => pods };
}

const POD_LIST: Shape = { kind: 'string', metadata: { continue: 'string' }, items: [POD] };

interface RawPodList {
  readonly kind?: string;
  readonly metadata?: { readonly continue?: string };
  readonly items?: readonly RawPod[] | null;
}

/**
 * Reads a PodList as JSON.
 * @throws Error for anything else
 */
export function podListFromJson(
  bytes: Buffer,
  intern: Intern,
  { containers = [], isSampled, config = false }: PodWishes = {},
  configs = new SidecarConfigs(),
): { pods: PodFacts[]; continued: string } {
  const configOf = (container: object) => configs.ofObject(container as Readonly<Record<string, unknown>>);
  const reading = { containers, isSampled, ...(config && { configOf }) };
  const list: RawPodList | null = JSON.parse(bytes.toString('utf8'));
  if (!fits(list, POD_LIST)) throw new Error('a field has the wrong type');
  if (list?.kind !== 'PodList') throw new Error(`a ${list?.kind ?? 'nameless object'} instead of a PodList`);
  const pods = (list.items ?? []).map((raw) => podFacts(raw, intern, reading));
  return { pods, continued: list.metadata?.continue ?? '' };
}
