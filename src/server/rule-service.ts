// Rules in operation: one manager for the process, the outputs of the current configuration, and their views.

import type { RuleFlags, Settings } from '../config/index.js';
import type { QueryEngine } from '../federation/index.js';
import { PromfedError } from '../model/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import {
  createNotifier,
  createRemoteWriter,
  createRuleSet,
  openDiskJournal,
  RuleManager,
  viewOfGroup,
  type AlertmanagersView,
  type Notifier,
  type NotifierMetrics,
  type RemoteWriteMetrics,
  type RemoteWriter,
  type RuleMetrics,
  type RulesApi,
} from '../rules/index.js';
import { Cancellation, type Clock, type Log, type Timers } from '../runtime/index.js';
import { createRestoreEngine, type RestoreEngine } from './restore-engine.js';

/** Shared by all queries: its stack trace has no information. */
const STOPPED = new PromfedError('canceled', 'rules are stopping');

const NO_ALERTMANAGERS: AlertmanagersView = { active: [], dropped: [] };

/** The flags of rules and of their outputs. */
export interface RuleServerFlags extends RuleFlags {
  /** `--alertmanager.notification-queue-capacity`. */
  readonly notificationQueueCapacity: number;
  /** `--storage.path`; undefined to keep the queues of remote write in memory. */
  readonly storagePath: string | undefined;
  /** URL under which promfed is reached, without a slash at its end. */
  readonly externalUrl: string;
}

export interface RuleServiceOptions extends RuleServerFlags {
  /** Returns the engine of the current configuration. */
  readonly engine: () => QueryEngine;
  readonly features: FeatureSet;
  readonly queryTimeoutMs: number;
  /** Called once, when rules are first evaluated in this process. */
  readonly createMetrics: () => RuleServiceMetrics;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly version: string;
  readonly log: Log;
}

export interface RuleServiceMetrics {
  readonly rules: RuleMetrics;
  readonly notifications: NotifierMetrics;
  readonly remoteWrite: RemoteWriteMetrics;
}

/** The part of the process that evaluates rules. */
interface ActiveRules {
  readonly manager: RuleManager;
  readonly metrics: RuleServiceMetrics;
  readonly notifier: Notifier;
  readonly writer: RemoteWriter;
  /** The engine of `rules.restore_from`; undefined to restore from the federated view. */
  restoreEngine: RestoreEngine | undefined;
}

/** Evaluates the rules of the current configuration, in the one process that is chosen for it. */
export class RuleService {
  readonly #options: RuleServiceOptions;
  readonly #signal = new Cancellation();
  /** Undefined until this process is chosen. */
  #active: ActiveRules | undefined;

  constructor(options: RuleServiceOptions) {
    this.#options = options;
  }

  /** The rules as the routes show them. */
  readonly api: RulesApi = {
    groups: () => Promise.resolve(this.#active?.manager.groups.map(viewOfGroup) ?? []),
    alertmanagers: () => Promise.resolve(this.#active?.notifier.alertmanagers() ?? NO_ALERTMANAGERS),
  };

  /** Starts to evaluate rules in this process. @throws PromfedError when they are invalid. */
  async start(settings: Settings): Promise<void> {
    if (this.#active !== undefined) return;
    const { createMetrics, notificationQueueCapacity, timers, log, version } = this.#options;
    const metrics = createMetrics();
    const notifier = createNotifier(settings.alerting, {
      externalLabels: settings.externalLabels,
      queueCapacity: notificationQueueCapacity,
      version,
      background: { timers, log },
      metrics: metrics.notifications,
    });
    const manager = new RuleManager({ ...this.#options, metrics: metrics.rules });
    const writer = await this.#createWriter(settings, metrics);
    this.#active = { manager, metrics, notifier, writer, restoreEngine: undefined };
    await this.#update(this.#active, settings);
    notifier.start();
  }

  /**
   * Replaces the rules and their outputs. Has no effect in a process that does not evaluate rules.
   *
   * @throws PromfedError when they are invalid; the previous ones stay.
   */
  async apply(settings: Settings): Promise<void> {
    if (this.#active === undefined) return;
    const { notifier, writer } = this.#active;
    await writer.update(settings.remoteWrite, settings.externalLabels);
    notifier.update(settings.alerting, settings.externalLabels);
    await this.#update(this.#active, settings);
  }

  async #createWriter(settings: Settings, metrics: RuleServiceMetrics): Promise<RemoteWriter> {
    const { storagePath, timers, log, version } = this.#options;
    const background = { timers, log };
    const journal = storagePath === undefined ? undefined : await openDiskJournal(storagePath, background);
    return createRemoteWriter(settings.remoteWrite, {
      externalLabels: settings.externalLabels,
      version,
      background,
      metrics: metrics.remoteWrite,
      ...(journal && { journal }),
    });
  }

  async #update(active: ActiveRules, settings: Settings): Promise<void> {
    const previous = active.restoreEngine;
    active.restoreEngine = createRestoreEngine(settings.rules.restoreFrom, this.#options);
    const rules = createRuleSet(settings, {
      ...this.#options,
      restoreEngine: active.restoreEngine?.engine,
      alerts: active.notifier,
      samples: active.writer,
      metrics: active.metrics.rules,
      signal: this.#signal,
    });
    await active.manager.update(rules);
    await previous?.close();
  }

  /** Ends all evaluations. */
  async close(): Promise<void> {
    this.#signal.abort(STOPPED);
    await this.#active?.manager.close();
    await Promise.all([this.#active?.notifier.close(), this.#active?.writer.close()]);
    await this.#active?.restoreEngine?.close();
  }
}
