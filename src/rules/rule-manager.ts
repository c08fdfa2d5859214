// The rules of a process: groups, their schedules, and reloads that keep their state.

import type { RuleGroupSettings } from '../config/index.js';
import type { Log, Timers } from '../runtime/index.js';
import type { RecordedNames } from './chain/recorded-names.js';
import { NOT_HELD, type GroupLease, type GroupOwnership } from './election/index.js';
import { groupKey, type RuleGroup } from './group/rule-group.js';
import { GroupSchedule } from './group/group-schedule.js';
import type { RuleMetrics } from './metrics.js';
import type { RestoreAttempt } from './restore/restore-group.js';

/** The rules of one configuration. */
export interface RuleSet {
  readonly groups: readonly RuleGroupSettings[];
  /** The metrics that these groups record. */
  readonly recordedNames: RecordedNames;
  /** Equal for configurations that affect rules in the same way, apart from the groups themselves. */
  readonly context: string;
  /** Which groups this process evaluates. */
  readonly ownership: GroupOwnership;
  /** Creates a group. @param isRestored false when the state of its alerts will be restored. */
  createGroup(settings: RuleGroupSettings, isRestored: boolean): RuleGroup;
  /** Restores the state of the alerts of a group, after its second evaluation. Never rejects. */
  restore(group: RuleGroup, attempt: RestoreAttempt): Promise<void>;
  /** Reads the state that another replica has stored for a group, before its first evaluation. Never rejects. */
  resume(group: RuleGroup, timeMs: number): Promise<void>;
}

export interface RuleManagerOptions {
  readonly timers: Timers;
  readonly metrics: RuleMetrics;
  readonly log: Log;
}

/** A group of the configuration. */
interface ManagedGroup {
  readonly group: RuleGroup;
  /** Equal for settings with the same effect. */
  readonly fingerprint: string;
  /** Undefined when another replica evaluates the group. */
  readonly lease: GroupLease | undefined;
  /** Undefined as the lease. */
  readonly schedule: GroupSchedule | undefined;
}

/** Stale markers of a removed group are written after this number of intervals, when renamed rules have been evaluated. */
const INTERVALS_UNTIL_STALE = 2;
/** The state of alerts is restored after this number of evaluations: rules that others depend on have results then. */
const EVALUATIONS_UNTIL_RESTORE = 2;
/** Time for which a restore that fails is repeated after each evaluation. Rules write no samples meanwhile. */
const RESTORE_RETRY_MS = 5 * 60_000;

/** Source: Prometheus, rules/manager.go. */
export class RuleManager {
  readonly #options: RuleManagerOptions;
  #managed = new Map<string, ManagedGroup>();
  #rules: RuleSet | undefined;
  #lastUpdate: Promise<void> = Promise.resolve();
  readonly #cancelEnds = new Set<() => void>();
  #isClosed = false;

  constructor(options: RuleManagerOptions) {
    this.#options = options;
  }

  /** All groups, sorted by file and name. */
  get groups(): readonly RuleGroup[] {
    return [...this.#managed.values()]
      .map(({ group }) => group)
      .sort((a, b) => compare(a.settings.file, b.settings.file) || compare(a.settings.name, b.settings.name));
  }

  /** Returns the identity of the replica that evaluates a group; undefined when there is none, or one replica only. */
  holderOf(group: RuleGroup): string | undefined {
    return this.#rules?.ownership.holderOf(group.key);
  }

  /** True when replicas share the groups. */
  get isShared(): boolean {
    return this.#rules?.ownership.isShared === true;
  }

  /**
   * Replaces the rules. Unchanged groups keep their state and their schedule. Changed groups adopt the state of their
   * predecessors after the running evaluation. Updates run one after another.
   *
   * @throws PromfedError `bad_data` when a group is invalid; the previous rules stay.
   */
  update(rules: RuleSet): Promise<void> {
    const update = this.#lastUpdate.then(() => this.#updateNow(rules));
    this.#lastUpdate = update.catch(() => undefined);
    return update;
  }

  /** Ends all evaluations. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#lastUpdate;
    for (const cancel of this.#cancelEnds) cancel();
    await Promise.all([...this.#managed.values()].flatMap(({ schedule }) => schedule?.stop() ?? []));
    this.#managed = new Map();
  }

  async #updateNow(rules: RuleSet): Promise<void> {
    // Only groups that exist from the start are restored.
    const isRestored = this.#rules !== undefined;
    const created = new Map<string, { group: RuleGroup; fingerprint: string }>();
    for (const settings of rules.groups) {
      const fingerprint = JSON.stringify([settings, rules.context]);
      const key = groupKey(settings);
      if (this.#managed.get(key)?.fingerprint === fingerprint) continue;
      created.set(key, { group: rules.createGroup(settings, isRestored), fingerprint });
    }
    this.#rules?.ownership.onChange(() => Promise.resolve());
    this.#rules = rules;
    rules.ownership.onChange(() => this.#adoptLeases());
    const wanted = new Set(rules.groups.map(groupKey));
    const removed = [...this.#managed.keys()].filter((key) => !wanted.has(key));
    await Promise.all([
      ...removed.map((key) => this.#remove(key)),
      ...[...created].map(([key, { group, fingerprint }]) => this.#replace(key, group, fingerprint, rules)),
    ]);
    for (const { group } of this.#managed.values()) group.recordedNames = rules.recordedNames;
    await this.#adoptLeases();
  }

  async #replace(key: string, group: RuleGroup, fingerprint: string, rules: RuleSet): Promise<void> {
    const previous = await this.#stopped(key);
    const lease = rules.ownership.leaseOf(key);
    if (previous === undefined || (previous.lease === lease && lease !== undefined)) {
      if (previous !== undefined) group.adopt(previous.group);
      previous?.group.release();
      this.#set(key, group, fingerprint, lease, rules);
    } else {
      this.#startAnew(key, { ...previous, group, fingerprint }, lease, rules);
    }
  }

  /** Stops the schedule of a group. Returns the group, which may have gained a lease meanwhile. */
  async #stopped(key: string): Promise<ManagedGroup | undefined> {
    for (let managed = this.#managed.get(key); ; managed = this.#managed.get(key)) {
      await managed?.schedule?.stop();
      if (this.#managed.get(key) === managed) return managed;
    }
  }

  /**
   * Starts the groups whose leases were gained, and stops those whose leases have ended, without waiting for other updates.
   * Resolves when these have stopped.
   */
  async #adoptLeases(): Promise<void> {
    const rules = this.#rules;
    if (rules === undefined || this.#isClosed) return;
    const stopping: Promise<void>[] = [];
    for (const [key, managed] of [...this.#managed]) {
      const lease = rules.ownership.leaseOf(key);
      if (lease === managed.lease) continue;
      if (managed.schedule !== undefined) stopping.push(managed.schedule.stop());
      this.#startAnew(key, managed, lease, rules);
    }
    await Promise.all(stopping);
  }

  /** Replaces a group that another replica has evaluated, or will evaluate, by one without state. */
  #startAnew(
    key: string,
    { group: previous, fingerprint, schedule }: ManagedGroup,
    lease: GroupLease | undefined,
    rules: RuleSet,
  ): void {
    if (schedule !== undefined) this.#options.metrics.groupRemoved(key);
    previous.release();
    const group = rules.createGroup(previous.settings, false);
    group.isTakenOver = lease !== undefined;
    this.#set(key, group, fingerprint, lease, rules);
  }

  #set(
    key: string,
    group: RuleGroup,
    fingerprint: string,
    lease: GroupLease | undefined,
    rules: RuleSet,
  ): void {
    group.lease = lease ?? NOT_HELD;
    if (lease !== undefined) {
      this.#options.metrics.groupAdded(key, group.settings.rules.length, group.settings.intervalMs);
    }
    const schedule = lease && this.#schedule(group, lease, rules);
    this.#managed.set(key, { group, fingerprint, lease, schedule });
  }

  #schedule(group: RuleGroup, lease: GroupLease, rules: RuleSet): GroupSchedule {
    const { timers, log } = this.#options;
    const { file, name, intervalMs } = group.settings;
    const needsState = group.isTakenOver && !group.isRestored;
    const resumed = needsState ? rules.resume(group, timers.now()) : Promise.resolve();
    let evaluations = 0;
    let skipped = 0;
    let firstRestoreMs: number | undefined;
    return new GroupSchedule({
      file,
      name,
      intervalMs,
      timers,
      log,
      run: async (timeMs, missed) => {
        if (needsState && evaluations === 0) await resumed;
        if (!lease.isHeld) {
          skipped += missed + 1;
          return;
        }
        await group.evaluate(timeMs, missed + skipped);
        skipped = 0;
        if (++evaluations < EVALUATIONS_UNTIL_RESTORE || group.isRestored) return;
        const isFirst = firstRestoreMs === undefined;
        const nowMs = (firstRestoreMs ??= timers.now());
        const isLast = timers.now() - nowMs >= RESTORE_RETRY_MS;
        await rules.restore(group, { nowMs, isFirst, isLast });
      },
    });
  }

  async #remove(key: string): Promise<void> {
    const managed = await this.#stopped(key);
    this.#managed.delete(key);
    managed?.group.release();
    if (managed?.schedule === undefined) return;
    const { group } = managed;
    const { metrics, timers } = this.#options;
    metrics.groupRemoved(key);
    const endMs = timers.now();
    const cancel = timers.schedule(INTERVALS_UNTIL_STALE * group.settings.intervalMs, () => {
      this.#cancelEnds.delete(cancel);
      group.end(endMs, (series) => this.groups.some((other) => other.hasWritten(series)));
    });
    this.#cancelEnds.add(cancel);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
