// Redirects from paths that are not in their shortest form.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const UNCLEAN = /\/\/|\/\.\.?(?:\/|$)/;

/**
 * Redirects requests whose path has empty segments, `.` or `..`, before they are routed.
 *
 * Source: Go, net/http (`ServeMux`).
 */
export function addPathRedirects(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    const [path, query] = splitUrl(request.url);
    if (UNCLEAN.test(path)) redirect(reply, 301, cleanPath(path) + query);
    else done();
  });
}

/**
 * Replies to a request whose path has no route: redirects from a slash at its end to the route without it, else 404.
 *
 * Source: httprouter (`RedirectTrailingSlash`), with the whole path: Prometheus omits the prefix of the API.
 */
export function replyNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const [path, query] = splitUrl(request.url);
  const shorter = path.replace(/\/$/, '');
  const hasRoute = shorter !== '' && request.server.hasRoute({ method: 'GET', url: shorter });
  if (hasRoute && shorter !== path)
    return redirect(reply, request.method === 'GET' ? 301 : 307, shorter + query);
  return reply.code(404).type('text/plain; charset=utf-8').send('404 page not found\n');
}

function redirect(reply: FastifyReply, status: number, location: string): FastifyReply {
  return reply.code(status).header('location', location).send();
}

/** Returns the path of a URL without its host, and the query with its question mark. */
function splitUrl(url: string): readonly [path: string, query: string] {
  const start = url.indexOf('?');
  return start < 0 ? [url, ''] : [url.slice(0, start), url.slice(start)];
}

/** Source: Go, path (`Clean`). */
function cleanPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const end = path.endsWith('/') && segments.length > 0 ? '/' : '';
  return `/${segments.join('/')}${end}`;
}
