// Hostile regions.

import { compressSync } from 'snappy';

import type { HostileCase } from '../../helpers/hostile/hostile-case.js';
import {
  listText,
  sendData,
  sendPieces,
  timeOf,
  type HostileRegions,
  type RegionAnswer,
} from '../../helpers/hostile/hostile-regions.js';
import { crc32c } from '../../../src/upstreams/wire/crc32c.js';
import { send, type Answered } from '../../helpers/hostile/requests.js';
import { vectorOf } from './answers.js';
import { largeHistograms, sendMessage, varint } from './messages.js';
import { ruleCases } from './rule-cases.js';

/** Native histograms of several regions are added here, from the raw samples of those that serve remote read. */
const REMOTE_READ = 'histogram_count(sum(rate(remote_read_metric[5m])))';

/** Sends the query, and checks that a region was read by remote read. */
const BY_REMOTE_READ: Pick<HostileCase, 'attack' | 'problem'> = {
  attack: async ({ server, regions }) => {
    const answer = await send(server.url, '/api/v1/query', { query: REMOTE_READ });
    const isRead = regions.servers.some(({ requests }) =>
      requests.some(({ path }) => path.endsWith('/read')),
    );
    return { isRead, answer };
  },
  problem: (result) => {
    const { isRead, answer } = result as { readonly isRead: boolean; readonly answer: Answered };
    if (!isRead) return 'no region was read by remote read';
    // The deadline may end the reading.
    return answer.status === 200 || answer.status === 503
      ? undefined
      : `${answer.status} ${answer.text.slice(0, 300)}`;
  },
};

const SERIES_HEAD = '{"status":"success","data":[';

function oneOf(statuses: readonly number[]): NonNullable<HostileCase['problem']> {
  return (result) => {
    const { status, text } = result as Answered;
    return statuses.includes(status) ? undefined : `${status} ${text.slice(0, 300)}`;
  };
}

/** Returns the cases. */
export function regionCases(): readonly HostileCase[] {
  return [
    {
      name: 'metadata of 2 × 150,000 series',
      fast: false,
      prepare: (regions) => {
        regions.serve('many_metadata', (response) => {
          const item = (i: number): string =>
            `{"__name__":"many_metadata","instance":"host-${String(i).padStart(7, '0')}","job":"node","n":"${i}"}`;
          sendPieces(response, listText(SERIES_HEAD, 150_000, item, ']}'));
        });
      },
      attack: ({ server }) =>
        send(server.url, '/api/v1/series', { 'match[]': '{__name__="many_metadata",region!="rr"}' }),
      problem: oneOf([200, 422, 503]),
    },
    {
      name: 'metadata of 150,000 series without order',
      fast: false,
      prepare: (regions) => {
        regions.serve('unordered_metadata', (response) => {
          const item = (i: number): string =>
            `{"__name__":"unordered_metadata","n":"${(Math.imul(i, 2654435761) >>> 0) % 1e6}","i":"${i}"}`;
          sendPieces(response, listText(SERIES_HEAD, 150_000, item, ']}'));
        });
      },
      attack: ({ server }) =>
        send(server.url, '/api/v1/series', { 'match[]': '{__name__="unordered_metadata",region!="rr"}' }),
      problem: oneOf([200, 422, 503]),
    },
    {
      name: 'label values of 2 × 300,000',
      fast: false,
      prepare: (regions) => {
        regions.serve('/label/many/values', (response) => {
          const item = (i: number): string => `"value-${String(i).padStart(7, '0')}"`;
          sendPieces(response, listText(SERIES_HEAD, 300_000, item, ']}'));
        });
      },
      attack: ({ server }) => send(server.url, '/api/v1/label/many/values', {}),
      problem: oneOf([200, 422, 503]),
    },
    ...[
      '/label/brackets/values',
      '/series?match[]=brackets',
      '/metadata?metric=brackets',
      '/rules?federated=true&file[]=brackets',
      '/query?query=brackets',
    ].map((path): HostileCase => ({
      name: `ten megabytes of [ from ${path}`,
      fast: true,
      prepare: (regions) => {
        regions.serve('brackets', (response) => {
          sendPieces(
            response,
            Array.from({ length: 160 }, (_, i) =>
              (i === 0 ? '{"status":"success","data":' : '[').padEnd(65_536, '['),
            ),
          );
        });
      },
      attack: ({ server }) => send(server.url, `/api/v1${path}`, ''),
      // Rules of a region that fails are a warning.
      problem: oneOf(path.startsWith('/rules') ? [200] : [500]),
    })),
    {
      name: 'ten megabytes of empty series by remote read',
      fast: false,
      prepare: (regions) => {
        serveReading(regions, (response) => {
          // ReadResponse { results: [QueryResult { timeseries: [TimeSeries {}, …] }] }
          const series = Buffer.alloc(10_000_000);
          for (let i = 0; i < series.length; i += 2) series[i] = 0x0a;
          const result = Buffer.concat([Buffer.from([0x0a]), varint(series.length), series]);
          response
            .writeHead(200, { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })
            .end(compressSync(result));
        });
      },
      ...BY_REMOTE_READ,
    },
    {
      name: 'nine megabytes of series without samples in frames of remote read',
      fast: false,
      prepare: (regions) => {
        serveReading(regions, (response) => {
          // Frames of ChunkedReadResponse { chunked_series: [ChunkedSeries { chunks: [Chunk { type: XOR, data }] }] }
          const frame = Buffer.from([10, 0, 0, 0, 0, 0x0a, 8, 0x12, 6, 0x18, 1, 0x22, 2, 0, 0]);
          frame.writeUInt32BE(crc32c(frame.subarray(5)), 1);
          response
            .writeHead(200, { 'content-type': 'application/x-streamed-protobuf' })
            .end(Buffer.alloc(frame.length * 600_000, frame));
        });
      },
      ...BY_REMOTE_READ,
    },
    {
      name: 'twenty series of histograms of 65,536 buckets by remote read',
      fast: false,
      prepare: (regions) => {
        serveReading(regions, (response) => {
          sendMessage(
            response,
            Array.from({ length: 20 }, (_, i) => largeHistograms(i)),
          );
        });
      },
      ...BY_REMOTE_READ,
      // More than one query may hold in a process of this size.
      problem: (result, arena) => oneOf([422])((result as { readonly answer: Answered }).answer, arena),
    },
    {
      name: 'a million small series that pass through',
      fast: false,
      prepare: (regions) => {
        regions.serve('passing_series', (response, request) => {
          const head = '{"status":"success","data":{"resultType":"vector","result":[';
          const at = timeOf(request);
          const item = (i: number): string => `{"metric":{"n":"${i}"},"value":[${at},"1"]}`;
          sendPieces(response, listText(head, 1_000_000, item, ']}}'));
        });
      },
      attack: ({ server }) => send(server.url, '/api/v1/query', { query: 'passing_series' }),
    },
    {
      name: 'series of 70,000 labels',
      fast: false,
      prepare: (regions) => {
        const labels = Array.from({ length: 70_000 }, (_, i) => `"l${90_000 - i}":""`).join(',');
        regions.serve(
          'labelled_series',
          vectorOf(20, (i) => `${labels},"n":"${i}"`),
        );
      },
      attack: ({ server }) => send(server.url, '/api/v1/query', { query: 'sort(labelled_series + 1)' }),
      problem: oneOf([500]),
    },
    {
      name: 'a hundred thousand warnings for a query of 1,500 sums',
      fast: false,
      prepare: (regions) => {
        let count = 0;
        regions.serve('warned_', (response) => {
          const warnings = Array.from({ length: 16 }, () => `${count++} ${'x'.repeat(4000)}`);
          const body = { status: 'success', data: { resultType: 'vector', result: [] }, warnings };
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        });
      },
      attack: ({ server }) => {
        const query = Array.from({ length: 1_500 }, (_, i) => `sum(warned_${i})`).join(' + ');
        return send(server.url, '/api/v1/query', { query }, 'POST');
      },
      problem: oneOf([200, 422, 503]),
    },
    {
      name: 'long label values with a common beginning, limited to 25,000',
      fast: false,
      prepare: (regions) => {
        const start = 'p'.repeat(1000);
        regions.serve('/label/common/values', (response, _request, region) => {
          const item = (i: number): string => `"${start}${Math.imul(i, 2654435761) >>> 0}"`;
          sendPieces(response, listText(SERIES_HEAD, region === 'r0' ? 51_000 : 0, item, ']}'));
        });
      },
      attack: ({ server }) => send(server.url, '/api/v1/label/common/values', { limit: '25000' }),
      problem: oneOf([200, 422, 503]),
    },
    ...ruleCases(),
    {
      name: 'millions of empty series by JSON',
      fast: false,
      prepare: (regions) => {
        regions.serve('empty_series', (response, request) => {
          const head = '{"status":"success","data":{"resultType":"vector","result":[';
          sendPieces(
            response,
            listText(head, 1_000_000, () => `{"metric":{},"value":[${timeOf(request)},"1"]}`, ']}}'),
          );
        });
      },
      attack: ({ server }) => send(server.url, '/api/v1/query', { query: 'sum by (a) (empty_series + 1)' }),
    },
  ];
}

/** Answers remote read with `answer`, and requests for the raw samples of the other regions with nothing. */
function serveReading(regions: HostileRegions, answer: RegionAnswer): void {
  regions.serve('/api/v1/read', answer);
  regions.serve('remote_read_metric', (response) => {
    sendData(response, { resultType: 'matrix', result: [] });
  });
}
