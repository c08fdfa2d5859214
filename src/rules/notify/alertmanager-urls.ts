// The URLs of the Alertmanagers of one entry of `alerting.alertmanagers`.

import type { AlertmanagerSettings } from '../../config/index.js';
import type { DiscoveredTarget } from '../../discovery/index.js';
import { Labels, type Relabeler } from '../../model/index.js';

const API_PATH = '/api/v2/alerts';

/** URLs to which alerts are posted, in the order of the targets. */
export interface AlertmanagerUrls {
  /** Without duplicates. */
  readonly active: readonly string[];
  /** Targets that `relabel_configs` drops, with the URLs they have before it. */
  readonly dropped: readonly string[];
  /** URLs that cannot be used. */
  readonly invalid: readonly string[];
}

/**
 * Relabels targets and returns their URLs. Labels of a target override the scheme and the path of the settings.
 *
 * Unlike in Prometheus, an invalid target does not exclude the others of its `static_configs` entry.
 *
 * Source: Prometheus, notifier/alertmanager.go (`AlertmanagerFromGroup`).
 *
 * @param relabeler `relabel_configs` of the settings.
 */
export function alertmanagerUrls(
  { scheme, pathPrefix }: Pick<AlertmanagerSettings, 'scheme' | 'pathPrefix'>,
  relabeler: Relabeler,
  targets: readonly DiscoveredTarget[],
): AlertmanagerUrls {
  const active = new Set<string>();
  const dropped: string[] = [];
  const invalid: string[] = [];
  for (const { address, labels } of targets) {
    const before = Labels.of([
      ['__scheme__', scheme],
      ['__alerts_path__', pathPrefix + API_PATH],
      ...labels,
      ['__address__', address],
    ]);
    const after = relabeler.tryRelabel(before);
    const url = urlOf(after ?? before);
    if (after === undefined) dropped.push(url);
    else if (isValid(after, url)) active.add(url);
    else invalid.push(url);
  }
  return { active: [...active], dropped, invalid };
}

/** Prints the URL as Go does (`net/url`, `URL.String`), without a user and a password, which make it invalid. */
function urlOf(labels: Labels): string {
  const path = labels.get('__alerts_path__');
  const escaped = encodeURI(path).replace(
    /[!*'()?#]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const slash = path === '' || path.startsWith('/') ? '' : '/';
  const host = labels.get('__address__').replace(/^.*@/s, '');
  return `${labels.get('__scheme__')}://${host}${slash}${escaped}`;
}

/** Reports whether the scheme is supported and the address is a host with or without a port. */
function isValid(labels: Labels, url: string): boolean {
  return (
    /^https?$/.test(labels.get('__scheme__')) &&
    /^[^/?#@\s\\]+$/.test(labels.get('__address__')) &&
    URL.canParse(url)
  );
}
