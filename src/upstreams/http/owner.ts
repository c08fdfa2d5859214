// The part of the configuration that a connection or credentials belong to, for error texts and log messages.

import type { ServerGroupSettings } from '../../config/index.js';

export interface Owner {
  /** Beginning of error texts: `server group "eu"`. */
  readonly title: string;
  /** Fields of log messages: `{ server_group: 'eu' }`. */
  readonly fields: Readonly<Record<string, string>>;
}

export function ownerOf({ name }: Pick<ServerGroupSettings, 'name'>): Owner {
  return { title: `server group "${name}"`, fields: { server_group: name } };
}
