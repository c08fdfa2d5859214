// Metrics of the running configuration.

import { Gauge, type Registry } from 'prom-client';

/** Called by the reloader. */
export interface ConfigMetrics {
  /** Records that a configuration is in effect. */
  configLoaded(hash: string, nowMs: number): void;
  /** Records that a reload failed. */
  configFailed(): void;
}

/** Adds the metrics and returns their observer. */
export function addConfigMetrics(registers: Registry[]): ConfigMetrics {
  const reloadSuccessful = new Gauge({
    name: 'promfed_config_last_reload_successful',
    help: 'Whether the last attempt to load the configuration succeeded.',
    registers,
  });
  const reloadSeconds = new Gauge({
    name: 'promfed_config_last_reload_success_timestamp_seconds',
    help: 'Time at which the running configuration was loaded.',
    registers,
  });
  const configHash = new Gauge({
    name: 'promfed_config_hash',
    help: 'A constant 1, labelled with a hash of the running configuration.',
    labelNames: ['sha256'],
    registers,
  });
  return {
    configLoaded(hash, nowMs) {
      configHash.reset();
      configHash.set({ sha256: hash }, 1);
      reloadSuccessful.set(1);
      reloadSeconds.set(nowMs / 1000);
    },
    configFailed() {
      reloadSuccessful.set(0);
    },
  };
}
