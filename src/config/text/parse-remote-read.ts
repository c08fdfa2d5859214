// The key `remote_read` of a server group: a boolean of YAML 1.1, or `auto`.

import { PromfedError } from '../../model/index.js';
import type { ServerGroupSettings } from '../settings.js';
import { quote } from './quote.js';

/** @throws PromfedError `bad_data` for any other text. */
export function parseRemoteRead(text: string): ServerGroupSettings['remoteRead'] {
  if (text === 'auto') return 'auto';
  if (/^(?:true|y|yes|on)$/i.test(text)) return 'always';
  if (/^(?:false|n|no|off)$/i.test(text)) return 'never';
  throw new PromfedError('bad_data', `must be true, false or auto; got ${quote(text)}`);
}
