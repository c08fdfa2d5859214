// The product and version of a target, from its answer to /api/v1/status/buildinfo.

import { tryParseVersion, UNKNOWN_PRODUCT, type Product } from '../../model/index.js';
import { recordOf } from '../api/metadata-answer.js';
import { excerpt } from '../http/sanitize.js';

const MAX_VERSION_CHARS = 100;

/**
 * Reads the `data` of an answer. Prometheus and Thanos describe their Go version; Thanos has version 0. Mimir names its
 * application. VictoriaMetrics, also behind vmauth, returns nothing but the version of a Prometheus that it resembles.
 *
 * Source: Prometheus, web/api/v1/api.go (`PrometheusVersion`); Thanos, pkg/api/api.go (`ThanosVersion`); Mimir,
 * pkg/api/handlers.go; VictoriaMetrics, app/vmselect/main.go.
 *
 * @throws PromfedError `upstream` when the data is not an object.
 */
export function parseBuildInfo(data: unknown): Product {
  const { application, version, goVersion, revision } = recordOf(data, 'data');
  if (typeof version !== 'string') return UNKNOWN_PRODUCT;
  const shown = excerpt(version, MAX_VERSION_CHARS);
  if (typeof application === 'string' && /\bmimir\b/i.test(application))
    return { name: 'mimir', version: shown };
  if (goVersion === undefined && revision === undefined) return { name: 'victoriametrics', version: '' };
  const [major] = tryParseVersion(version) ?? [];
  if (major === undefined || typeof application === 'string') return UNKNOWN_PRODUCT;
  if (major >= 2) return { name: 'prometheus', version: shown };
  return major === 0 && typeof goVersion === 'string' && goVersion !== '' && revision !== ''
    ? { name: 'thanos', version: shown }
    : UNKNOWN_PRODUCT;
}
