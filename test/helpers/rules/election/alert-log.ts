// A receiver of alerts that records which replica sent them.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Teardown } from '../../real-servers/server-process.js';

/** An alert of a request, in the order of arrival. */
export interface ReceivedAlert {
  /** The path prefix of the request. */
  readonly replica: string;
  /** All labels as JSON. */
  readonly key: string;
  readonly name: string;
  readonly group: string;
  readonly arrivedAtMs: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** False for an alert that is sent as resolved. */
  readonly isFiring: boolean;
}

export interface AlertLog {
  /** `127.0.0.1:PORT`. Replicas use their names as the path prefix. */
  readonly target: string;
  readonly alerts: readonly ReceivedAlert[];
}

interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

export async function startAlertLog(t: Teardown): Promise<AlertLog> {
  const alerts: ReceivedAlert[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      response.end();
      const replica = (request.url ?? '').split('/')[1]!;
      const arrivedAtMs = Date.now();
      for (const { labels, startsAt, endsAt } of JSON.parse(body) as PostedAlert[]) {
        const endsAtMs = Date.parse(endsAt);
        alerts.push({
          replica,
          key: JSON.stringify(Object.entries(labels).sort()),
          name: labels['alertname']!,
          group: labels['group']!,
          arrivedAtMs,
          startsAtMs: Date.parse(startsAt),
          endsAtMs,
          isFiring: endsAtMs > arrivedAtMs,
        });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { target: `127.0.0.1:${(server.address() as AddressInfo).port}`, alerts };
}

/** Returns the body, or an empty list when the sender ended in the middle. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    return request.complete ? Buffer.concat(chunks).toString() : '[]';
  } catch {
    return '[]';
  }
}
