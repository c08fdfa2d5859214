// Rules in operation: one manager for the process, the outputs of the current configuration, and their views.

import type { RuleFlags, Settings } from '../config/index.js';
import type { QueryEngine } from '../federation/index.js';
import { PromfedError } from '../model/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import {
  createElector,
  createNotifier,
  createRemoteWriter,
  createRuleSet,
  groupKey,
  NO_ELECTION,
  openDiskJournal,
  QueryLimit,
  RuleManager,
  viewOfGroup,
  type Cluster,
  type ElectionMetrics,
  type Elector,
  type Notifier,
  type NotifierMetrics,
  type RemoteWriteMetrics,
  type RemoteWriter,
  type RuleMetrics,
  type RuleGroup,
  type RuleGroupView,
  type RulesApi,
} from '../rules/index.js';
import {
  Cancellation,
  Pacer,
  type Clock,
  type Log,
  type MemoryAccount,
  type MemoryBudget,
  type Timers,
} from '../runtime/index.js';
import { createRestoreEngine, type RestoreEngine } from './restore-engine.js';

/** Shared by all queries: its stack trace has no information. */
const STOPPED = new PromfedError('canceled', 'rules are stopping');

/** The flags of rules and of their outputs. */
export interface RuleServerFlags extends RuleFlags {
  /** `--alertmanager.notification-queue-capacity`. */
  readonly notificationQueueCapacity: number;
  /** `--storage.path`; undefined to keep the queues of remote write in memory. */
  readonly storagePath: string | undefined;
  /** URL under which promfed is reached, without a slash at its end. */
  readonly externalUrl: string;
  /** Beginning of the identity of this replica in the election. */
  readonly hostname: string;
  /** The Kubernetes cluster in which promfed runs; undefined outside of one. */
  readonly cluster: Cluster | undefined;
}

export interface RuleServiceOptions extends RuleServerFlags {
  /** Returns the engine of the current configuration. */
  readonly engine: () => QueryEngine;
  readonly features: FeatureSet;
  readonly queryTimeoutMs: number;
  /** For the series that rules hold. */
  readonly budget: MemoryBudget;
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
  /** Called once, when an election is configured. */
  readonly addElection: () => ElectionMetrics;
}

/** The part of the process that evaluates rules. */
interface ActiveRules {
  readonly manager: RuleManager;
  readonly metrics: RuleServiceMetrics;
  readonly notifier: Notifier;
  readonly writer: RemoteWriter;
  /** The engine of `rules.restore_from`; undefined to restore from the federated view. */
  restoreEngine: RestoreEngine | undefined;
  /** Undefined when every replica evaluates all groups. */
  election: Election | undefined;
}

interface Election {
  /** Equal for settings with which the election continues. */
  readonly fingerprint: string;
  readonly leaseMs: number;
  readonly elector: Elector;
}

/** Memory that belongs to rules, so that queries which fill the budget do not fail an alert. Enough for 5,000 alerts. */
const RULES_BYTES = 8 << 20;

/** Upper bound on it as a share of the budget. */
const RULES_SHARE = 1 / 16;

function openRulesMemory(budget: MemoryBudget): MemoryAccount | undefined {
  const bytes = Math.min(RULES_BYTES, Math.floor(RULES_SHARE * budget.limits.budgetBytes));
  return budget.tryOpen(bytes) ?? budget.tryOpen(0);
}

/** Evaluates the rules of the current configuration, in the one process that is chosen for it. */
export class RuleService {
  readonly #options: RuleServiceOptions;
  readonly #signal = new Cancellation();
  readonly #queryLimit = new QueryLimit();
  /** Account of the series of all rules, which is never closed. Undefined until there are rules. */
  #memory: MemoryAccount | undefined;
  /** Created once, because a failed start may be repeated. */
  #metrics: RuleServiceMetrics | undefined;
  #electionMetrics: ElectionMetrics | undefined;
  /** The copy of all groups that is being created. */
  #views: Promise<readonly RuleGroupView[]> | undefined;
  /** Undefined until this process is chosen. */
  #active: ActiveRules | undefined;

  constructor(options: RuleServiceOptions) {
    this.#options = options;
  }

  /** The rules as the routes show them. Its methods reject until this process evaluates rules. */
  readonly api: RulesApi = {
    groups: () =>
      // Requests that arrive meanwhile share the copy.
      (this.#views ??= this.#read((active) => this.#viewOf(active)).finally(() => {
        this.#views = undefined;
      })),
    alertmanagers: () => this.#read(({ notifier }) => notifier.alertmanagers()),
  };

  /** Starts to evaluate rules in this process. A failed start can be repeated. @throws PromfedError when it fails. */
  async start(settings: Settings): Promise<void> {
    if (this.#active !== undefined) return;
    const active = await this.#open(settings);
    try {
      await this.#update(active, settings);
    } catch (thrown) {
      await this.#close(active);
      throw thrown;
    }
    this.#active = active;
    active.notifier.start();
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

  /** Opens the outputs. Nothing is evaluated yet. */
  async #open({ alerting, externalLabels, remoteWrite }: Settings): Promise<ActiveRules> {
    const { createMetrics, notificationQueueCapacity, storagePath, timers, log, version } = this.#options;
    const metrics = (this.#metrics ??= createMetrics());
    const common = { externalLabels, version, background: { timers, log } };
    const notifier = createNotifier(alerting, {
      ...common,
      queueCapacity: notificationQueueCapacity,
      metrics: metrics.notifications,
    });
    try {
      const journal =
        storagePath === undefined ? undefined : await openDiskJournal(storagePath, common.background);
      const writer = createRemoteWriter(remoteWrite, {
        ...common,
        metrics: metrics.remoteWrite,
        ...(journal && { journal }),
      });
      const manager = new RuleManager({ ...this.#options, metrics: metrics.rules });
      return { manager, metrics, notifier, writer, restoreEngine: undefined, election: undefined };
    } catch (thrown) {
      await notifier.close();
      throw thrown;
    }
  }

  async #update(active: ActiveRules, settings: Settings): Promise<void> {
    const previous = active.restoreEngine;
    const election = this.#electionOf(settings, active);
    active.restoreEngine = createRestoreEngine(settings.rules.restoreFrom, this.#options);
    if (settings.ruleGroups.length > 0) this.#memory ??= openRulesMemory(this.#options.budget);
    const rules = createRuleSet(settings, {
      ...this.#options,
      restoreEngine: () => active.restoreEngine?.engine,
      queryLimit: this.#queryLimit,
      alerts: active.notifier,
      samples: active.writer,
      memory: this.#memory,
      ownership: election?.elector ?? NO_ELECTION,
      metrics: active.metrics.rules,
      signal: this.#signal,
    });
    try {
      await active.manager.update(rules);
    } catch (thrown) {
      if (election !== active.election) await election?.elector.close();
      throw thrown;
    }
    await previous?.close();
    await this.#adoptElection(active, election, settings);
  }

  /** Returns the election of the settings: the current one, unless its settings have changed. */
  #electionOf({ rules }: Settings, { election: current, metrics }: ActiveRules): Election | undefined {
    if (rules.election === undefined) return undefined;
    const { leaseMs, ...others } = rules.election;
    const fingerprint = JSON.stringify(others);
    if (current?.fingerprint === fingerprint) return { ...current, leaseMs };
    const { timers, log } = this.#options;
    const elector = createElector(rules.election, {
      ...this.#options,
      background: { timers, log },
      metrics: (this.#electionMetrics ??= metrics.addElection()),
    });
    return { fingerprint, leaseMs, elector };
  }

  async #adoptElection(
    active: ActiveRules,
    election: Election | undefined,
    { ruleGroups }: Settings,
  ): Promise<void> {
    const previous = active.election;
    active.election = election;
    election?.elector.update(ruleGroups.map(groupKey), election.leaseMs);
    if (election?.elector === previous?.elector) return;
    election?.elector.start();
    await previous?.elector.close();
  }

  async #viewOf({ manager }: ActiveRules): Promise<readonly RuleGroupView[]> {
    const views: RuleGroupView[] = [];
    const pacer = new Pacer(this.#signal);
    for (const group of manager.groups) {
      views.push(await viewOfGroup(group, pacer, holderOf(manager, group)));
    }
    return views;
  }

  #read<T>(view: (active: ActiveRules) => T | Promise<T>): Promise<T> {
    if (this.#active !== undefined) return Promise.resolve(view(this.#active));
    return Promise.reject(new PromfedError('unavailable', 'rules are not evaluated yet'));
  }

  /** Ends all evaluations. */
  async close(): Promise<void> {
    this.#signal.abort(STOPPED);
    if (this.#active !== undefined) await this.#close(this.#active);
  }

  /** Ends the evaluations, then sends the queues for a limited time, then lets other replicas take the groups. */
  async #close({ manager, notifier, writer, restoreEngine, election }: ActiveRules): Promise<void> {
    await manager.close();
    const sent = Promise.all([notifier.close(), writer.close()]);
    if (election !== undefined) {
      const { elector, leaseMs } = election;
      let cancel: () => void = () => undefined;
      const limit = new Promise<void>((resolve) => {
        cancel = this.#options.timers.schedule(leaseMs, resolve);
      });
      await Promise.race([sent, limit]);
      cancel();
      await elector.close();
    }
    await sent;
    await restoreEngine?.close();
  }
}

/** Returns undefined without an election. */
function holderOf(manager: RuleManager, group: RuleGroup): string | undefined {
  return manager.isShared ? (manager.holderOf(group) ?? '') : undefined;
}
