// The settings of the section `alerting`: checked, with defaults. Plain data, so that they can be cloned.

import type { RelabelSettings } from '../../model/index.js';
import type { HttpClientSettings, TargetSettings } from '../http/http-client-settings.js';

export interface AlertingSettings {
  /** `alert_relabel_configs`: applied to every alert, before those of an Alertmanager. */
  readonly relabel: readonly RelabelSettings[];
  /** In the order of the file. */
  readonly alertmanagers: readonly AlertmanagerSettings[];
}

/** One entry of `alerting.alertmanagers`: Alertmanagers with the same settings. */
export interface AlertmanagerSettings {
  readonly scheme: 'http' | 'https';
  /** Starts with a slash and ends without one, or is empty. Alerts are posted to it with `/api/v2/alerts` appended. */
  readonly pathPrefix: string;
  /** Maximum time to send one batch. Default 10,000. */
  readonly timeoutMs: number;
  /**
   * `static_configs`. Each address is the text of the file, possibly without a port. Labels may start with two
   * underscores, for `relabel`.
   */
  readonly targets: readonly TargetSettings[];
  /** `relabel_configs` of the targets. Besides their labels there are __address__, __scheme__ and __alerts_path__. */
  readonly relabel: readonly RelabelSettings[];
  /** `alert_relabel_configs` of this entry: must not change the alerts of another one. */
  readonly alertRelabel: readonly RelabelSettings[];
  /** `http_headers`: added to every request. Values may be secrets. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly httpClient: HttpClientSettings;
}
