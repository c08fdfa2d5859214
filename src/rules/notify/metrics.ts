// The port for the metrics of notifications. src/telemetry implements it.

/** Observes the send loops of Alertmanagers. Methods must not throw. `url` is the URL to which alerts are posted. */
export interface NotifierMetrics {
  /** Called when a notifier starts. @param alerts that the queue of each Alertmanager holds. */
  capacity(alerts: number): void;
  /** Called with the number of active Alertmanagers at the start and after every change. */
  discovered(alertmanagers: number): void;
  /**
   * Called when a send loop is created, with a later `removed` for each call. Several loops may have the same URL: those of
   * two entries of the configuration, or the previous and the next one during a reload.
   */
  added(url: string): void;
  /** Called when a send loop has ended. */
  removed(url: string): void;
  /** Called for each batch that an Alertmanager has accepted. */
  sent(url: string, alerts: number, durationMs: number): void;
  /** Called for each batch that could not be sent. */
  failed(url: string, alerts: number): void;
  /** Called for alerts that are never sent: the queue was full, or their batch failed. */
  dropped(url: string, alerts: number): void;
  /** Called when the number of queued alerts changes. @param delta negative when alerts leave the queue. */
  queued(url: string, delta: number): void;
}

export const NO_METRICS: NotifierMetrics = {
  capacity: () => undefined,
  discovered: () => undefined,
  added: () => undefined,
  removed: () => undefined,
  sent: () => undefined,
  failed: () => undefined,
  dropped: () => undefined,
  queued: () => undefined,
};
