// The rules of a process: groups, their schedules, and reloads that keep their state.

import type { RuleGroupSettings } from '../config/index.js';
import type { Log, Timers } from '../runtime/index.js';
import type { RecordedNames } from './chain/recorded-names.js';
import { groupKey, type RuleGroup } from './group/rule-group.js';
import { GroupSchedule } from './group/group-schedule.js';
import type { RuleMetrics } from './metrics.js';

/** The rules of one configuration. */
export interface RuleSet {
  readonly groups: readonly RuleGroupSettings[];
  /** The metrics that these groups record. */
  readonly recordedNames: RecordedNames;
  /** Equal for configurations that affect rules in the same way, apart from the groups themselves. */
  readonly context: string;
  /** Creates a group. @param isRestored false when the state of its alerts will be restored. */
  createGroup(settings: RuleGroupSettings, isRestored: boolean): RuleGroup;
  /** Restores the state of the alerts of a group, after its second evaluation. Never rejects. */
  restore(group: RuleGroup, timeMs: number): Promise<void>;
}

export interface RuleManagerOptions {
  readonly timers: Timers;
  readonly metrics: RuleMetrics;
  readonly log: Log;
}

/** A group that is evaluated. */
interface ScheduledGroup {
  readonly group: RuleGroup;
  /** Equal for settings with the same effect. */
  readonly fingerprint: string;
  readonly schedule: GroupSchedule;
}

/** Stale markers of a removed group are written after this number of intervals, when renamed rules have been evaluated. */
const INTERVALS_UNTIL_STALE = 2;
/** The state of alerts is restored after this number of evaluations: rules that others depend on have results then. */
const EVALUATIONS_UNTIL_RESTORE = 2;

/** Source: Prometheus, rules/manager.go. */
export class RuleManager {
  readonly #options: RuleManagerOptions;
  #scheduled = new Map<string, ScheduledGroup>();
  #lastUpdate: Promise<void> = Promise.resolve();
  /** True after the first update: only groups that exist from the start are restored. */
  #hasStarted = false;
  readonly #cancelEnds = new Set<() => void>();

  constructor(options: RuleManagerOptions) {
    this.#options = options;
  }

  /** All groups, sorted by file and name. */
  get groups(): readonly RuleGroup[] {
    return [...this.#scheduled.values()]
      .map(({ group }) => group)
      .sort((a, b) => compare(a.settings.file, b.settings.file) || compare(a.settings.name, b.settings.name));
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
    await this.#lastUpdate;
    for (const cancel of this.#cancelEnds) cancel();
    await Promise.all([...this.#scheduled.values()].map(({ schedule }) => schedule.stop()));
    this.#scheduled = new Map();
  }

  async #updateNow(rules: RuleSet): Promise<void> {
    const isRestored = this.#hasStarted;
    const created = new Map<string, { group: RuleGroup; fingerprint: string }>();
    for (const settings of rules.groups) {
      const fingerprint = JSON.stringify([settings, rules.context]);
      const key = groupKey(settings);
      if (this.#scheduled.get(key)?.fingerprint === fingerprint) continue;
      created.set(key, { group: rules.createGroup(settings, isRestored), fingerprint });
    }
    this.#hasStarted = true;
    const wanted = new Set(rules.groups.map(groupKey));
    const removed = [...this.#scheduled].filter(([key]) => !wanted.has(key));
    await Promise.all([
      ...removed.map(([key, { group, schedule }]) => this.#remove(key, group, schedule)),
      ...[...created].map(([key, next]) => this.#replace(key, next.group, next.fingerprint, rules)),
    ]);
    for (const { group } of this.#scheduled.values()) group.recordedNames = rules.recordedNames;
  }

  async #replace(key: string, group: RuleGroup, fingerprint: string, rules: RuleSet): Promise<void> {
    const previous = this.#scheduled.get(key);
    await previous?.schedule.stop();
    if (previous !== undefined) group.adopt(previous.group);
    const { intervalMs, rules: settings } = group.settings;
    this.#options.metrics.groupAdded(key, settings.length, intervalMs);
    this.#scheduled.set(key, { group, fingerprint, schedule: this.#schedule(group, rules) });
  }

  #schedule(group: RuleGroup, rules: RuleSet): GroupSchedule {
    const { timers, log } = this.#options;
    const { file, name, intervalMs } = group.settings;
    let evaluations = 0;
    return new GroupSchedule({
      file,
      name,
      intervalMs,
      timers,
      log,
      run: async (timeMs, missed) => {
        await group.evaluate(timeMs, missed);
        if (++evaluations === EVALUATIONS_UNTIL_RESTORE && !group.isRestored) {
          await rules.restore(group, timers.now());
        }
      },
    });
  }

  async #remove(key: string, group: RuleGroup, schedule: GroupSchedule): Promise<void> {
    await schedule.stop();
    this.#scheduled.delete(key);
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
