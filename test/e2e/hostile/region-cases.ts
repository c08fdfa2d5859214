// Hostile regions.

import { compressSync } from 'snappy';

import type { HostileCase } from '../../helpers/hostile/hostile-case.js';
import { listText, sendPieces, timeOf } from '../../helpers/hostile/hostile-regions.js';
import { send, type Answered } from '../../helpers/hostile/requests.js';

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
    ...['/label/brackets/values', '/series?match[]=brackets', '/query?query=brackets'].map(
      (path): HostileCase => ({
        name: `ten megabytes of [ from ${path}`,
        fast: false,
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
        problem: oneOf([422, 500, 503]),
      }),
    ),
    {
      name: 'ten megabytes of empty series by remote read',
      fast: false,
      prepare: (regions) => {
        regions.serve('/api/v1/read', (response) => {
          // ReadResponse { results: [QueryResult { timeseries: [TimeSeries {}, …] }] }
          const series = Buffer.alloc(10_000_000);
          for (let i = 0; i < series.length; i += 2) series[i] = 0x0a;
          const result = Buffer.concat([Buffer.from([0x0a]), varint(series.length), series]);
          response
            .writeHead(200, { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' })
            .end(compressSync(result));
        });
      },
      attack: ({ server }) =>
        send(server.url, '/api/v1/query', {
          query:
            'rate(remote_read_metric{region="rr"}[5m]) > on () group_left () rate(remote_read_metric{region="rr"}[5m])',
        }),
    },
    {
      name: 'millions of empty series by JSON',
      fast: false,
      prepare: (regions) => {
        regions.serve('empty_series', (response, request) => {
          if (request.path.endsWith('/read')) {
            response.writeHead(404).end();
            return;
          }
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

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 0x80);
  }
}
