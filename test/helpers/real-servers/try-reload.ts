// Reloads of a running Prometheus.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { RealServer } from './server-process.js';

/** Loads a configuration into Prometheus. Returns the error, or undefined when it is accepted. */
export async function tryReload(server: RealServer, config: string): Promise<string | undefined> {
  writeFileSync(join(server.directory, 'prometheus.yaml'), config);
  const response = await fetch(`${server.url}/-/reload`, { method: 'POST' });
  return response.ok ? undefined : response.text();
}
