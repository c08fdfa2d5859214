// Forwards a request of a proxy to its server.

import type { ServerResponse } from 'node:http';

/** Sends the request, and copies the status, the content type and the body of the response. A failure closes the connection. */
export function forward(url: string, request: RequestInit, response: ServerResponse): void {
  fetch(url, request)
    .then(async (answer) => {
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    })
    .catch(() => response.destroy());
}
