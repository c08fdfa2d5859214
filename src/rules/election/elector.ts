// The election of one replica: renews its leases in the common record, and gains and loses groups.

import { randomUUID } from 'node:crypto';

import { minOf, asPromfedError } from '../../model/index.js';
import type { Log, Timers } from '../../runtime/index.js';
import { hasAllOwners, type ShardSizes } from './balance.js';
import type { ElectionStore } from './election-store.js';
import type { GroupLease, GroupOwnership } from './group-lease.js';
import type { LeaseClock } from './lease-clock.js';
import type { ElectionMetrics } from './metrics.js';
import { emptyRecord, parseRecord, printRecord, type ElectionRecord } from './record.js';
import { RecordWatch } from './record-watch.js';
import { excessShards, renewRecord, withoutMember } from './renewal.js';
import { ShardLease } from './shard-lease.js';
import { fingerprintOf, shardOf } from './shards.js';

/** Leases are renewed after this share of their duration. Also the maximum time of a request. */
const RENEWAL_SHARE = 1 / 3;
/** The same while shards have no owner, or are given up. */
const CHANGE_SHARE = 1 / 15;
/** A failed renewal is repeated after this share of the duration. */
const RETRY_SHARE = 1 / 6;
/**
 * The own leases end after this share of the duration. The rest allows for clocks of different speed, and for the time in
 * which a result that was checked is sent.
 */
const HELD_SHARE = 0.8;
/** Attempts of one renewal when other replicas write at the same time, and the maximum delay after the first one, which doubles. */
const MAX_CONFLICTS = 8;
const CONFLICT_DELAY_MS = 20;
/** Maximum time of a request while the election ends. */
const MAX_RELEASE_MS = 2_000;

export interface ElectorOptions {
  /** Owned by the elector. */
  readonly store: ElectionStore;
  /** The identity of this replica. No other process has it, now or later. */
  readonly id: string;
  /** True to evaluate all groups while the store does not answer. */
  readonly evaluatesWithoutStore: boolean;
  readonly clock: LeaseClock;
  readonly timers: Timers;
  readonly metrics: ElectionMetrics;
  readonly log: Log;
}

/** See ARCHITECTURE.md, "Election". */
export class Elector implements GroupOwnership {
  readonly isShared = true;
  readonly #options: ElectorOptions;
  readonly #watch = new RecordWatch();
  #leaseMs = 0;
  /** Shards by group. */
  #shards: ReadonlyMap<string, string> = new Map();
  #sizes: ShardSizes = new Map();
  /** `ElectionMember.groups` of this replica. */
  #fingerprint = '';
  /** The last record that was read or written. */
  #record: ElectionRecord | undefined;
  #beat = 0;
  /** By shard: those that the record assigns to this replica. */
  readonly #leases = new Map<string, ShardLease>();
  /** The lease of all groups while they are evaluated without the store. */
  readonly #lastResort = new ShardLease(() => this.#isLastResort);
  /** Own shards whose groups are being stopped. */
  readonly #leaving = new Set<string>();
  /** Own shards whose groups have stopped. The next write gives them up. */
  readonly #stopped = new Set<string>();
  /** True from a loss of data in the store until the own shards are written again. */
  #isClaiming = false;
  /** Time of `LeaseClock.held` at which the own leases end. */
  #validUntilMs = -Infinity;
  #startedAtMs = Infinity;
  /** The reason for which the last renewal failed. */
  #failure: string | undefined;
  /** True after the end of the leases was logged. */
  #hasLapsed = false;
  #listener: () => Promise<void> = () => Promise.resolve();
  #running: Promise<void> | undefined;
  #runsAgain = false;
  #isClosed = false;
  #cancelNext: () => void = () => undefined;
  #cancelLapse: () => void = () => undefined;

  constructor(options: ElectorOptions) {
    this.#options = options;
  }

  /** Changes the groups that are shared, by their keys. @param leaseMs applies from the next renewal on. */
  update(groups: readonly string[], leaseMs: number): void {
    this.#leaseMs = leaseMs;
    this.#shards = new Map(groups.map((key) => [key, shardOf(key)]));
    const sizes = new Map<string, number>();
    for (const shard of this.#shards.values()) sizes.set(shard, (sizes.get(shard) ?? 0) + 1);
    this.#sizes = sizes;
    this.#fingerprint = fingerprintOf(groups);
    if (this.#record !== undefined) this.#renewSoon();
  }

  /** Starts to renew. `update` precedes it. */
  start(): void {
    this.#startedAtMs = this.#options.clock.held();
    this.#scheduleLapse(this.#startedAtMs + this.#leaseMs);
    this.#renewSoon();
  }

  leaseOf(key: string): GroupLease | undefined {
    const shard = this.#shardOf(key);
    if (this.#leaving.has(shard)) return undefined;
    return this.#leases.get(shard) ?? (this.#isLastResort ? this.#lastResort : undefined);
  }

  holderOf(key: string): string | undefined {
    const { clock, id } = this.#options;
    if (this.leaseOf(key)?.isHeld === true) return id;
    const owner = this.#record?.owners[this.#shardOf(key)];
    if (owner === undefined || owner === id) return undefined;
    return this.#watch.endOf(owner, this.#record!) > clock.observed() ? owner : undefined;
  }

  onChange(listener: () => Promise<void>): void {
    this.#listener = listener;
  }

  /** Gives up all groups, so that other replicas take them at once. The caller evaluates none of them any more. */
  async close(): Promise<void> {
    const { store, metrics, log } = this.#options;
    this.#isClosed = true;
    this.#cancelNext();
    this.#cancelLapse();
    await this.#running;
    for (const shard of [...this.#leases.keys()]) this.#revoke(shard);
    this.#lastResort.revoke();
    try {
      if (this.#record !== undefined) await this.#leave();
    } catch (thrown) {
      const fields = { store: store.title, err: asPromfedError(thrown).message };
      log.warn(fields, 'rule groups not released; other replicas take them when the lease has ended');
    }
    metrics.state({ isValid: false, members: 0, ownGroups: 0, groupsWithoutOwner: 0 });
    await store.close();
  }

  get #isValid(): boolean {
    return this.#options.clock.held() < this.#validUntilMs;
  }

  /** True while groups are evaluated without the store. */
  get #isLastResort(): boolean {
    const { clock, evaluatesWithoutStore } = this.#options;
    if (!evaluatesWithoutStore || this.#failure === undefined) return false;
    return clock.held() >= Math.max(this.#validUntilMs, this.#startedAtMs + this.#leaseMs);
  }

  #shardOf(key: string): string {
    return this.#shards.get(key) ?? shardOf(key);
  }

  /** Renews now, or again after the renewal in progress. */
  #renewSoon(): void {
    this.#cancelNext();
    if (this.#isClosed) return;
    if (this.#running !== undefined) this.#runsAgain = true;
    else this.#running = this.#renew();
  }

  async #renew(): Promise<void> {
    let delayMs = this.#leaseMs * RETRY_SHARE;
    try {
      if (await this.#tryWrite()) {
        this.#succeeded();
        delayMs = this.#delayMs();
      }
    } catch (thrown) {
      this.#failed(asPromfedError(thrown).message);
    }
    this.#running = undefined;
    if (this.#isClosed) return;
    this.#report();
    if (this.#runsAgain) delayMs = 0;
    this.#runsAgain = false;
    this.#renewIn(delayMs);
  }

  #renewIn(delayMs: number): void {
    this.#cancelNext();
    this.#cancelNext = this.#options.timers.schedule(delayMs, () => {
      this.#renewSoon();
    });
  }

  /** Returns the time to the next renewal: earlier when a member may end, or when shards may be taken. */
  #delayMs(): number {
    const { clock, id, timers } = this.#options;
    const nowMs = clock.observed();
    const record = this.#record!;
    const ends = Object.keys(record.members)
      .filter((member) => member !== id)
      .map((member) => this.#watch.endOf(member, record) - nowMs);
    const untilTakingMs = this.#watch.untilCompleteMs(nowMs, this.#leaseMs);
    const soonestMs = Math.min(minOf(ends), untilTakingMs > 0 ? untilTakingMs : Infinity);
    const isComplete = hasAllOwners(record.owners, this.#sizes);
    const share = isComplete || untilTakingMs > 0 ? RENEWAL_SHARE : CHANGE_SHARE;
    const usualMs = this.#leaseMs * share * (0.9 + timers.random() / 10);
    return Math.min(usualMs, Math.max(1, Math.ceil(soonestMs)));
  }

  /** Returns false when other replicas were always faster. @throws PromfedError when the store fails. */
  async #tryWrite(): Promise<boolean> {
    const { metrics, timers } = this.#options;
    for (let conflicts = 0; conflicts < MAX_CONFLICTS && !this.#isClosed; conflicts++) {
      if (await this.#attempt()) return true;
      metrics.renewed('conflict');
      const delayMs = timers.random() * CONFLICT_DELAY_MS * 2 ** conflicts;
      await new Promise<void>((resolve) => timers.schedule(delayMs, resolve));
    }
    return false;
  }

  async #attempt(): Promise<boolean> {
    const { store, clock, id } = this.#options;
    const leaseMs = this.#leaseMs;
    const timeoutMs = leaseMs * RENEWAL_SHARE;
    const { text, version } = await store.read(timeoutMs);
    if (this.#isClosed) return false;
    const record = text === undefined ? emptyRecord(randomUUID()) : parseRecord(text);
    this.#observe(record);
    for (const shard of this.#stopped) this.#revoke(shard);
    this.#stopped.clear();
    const next = renewRecord({
      record,
      me: id,
      beat: ++this.#beat,
      leaseMs,
      ended: this.#endedMembers(record),
      sizes: this.#sizes,
      held: new Set(this.#leases.keys()),
      groups: this.#fingerprint,
      mayTake: this.#watch.untilCompleteMs(clock.observed(), leaseMs) <= 0,
    });
    const startMs = clock.held();
    if (!(await this.#write(next, version, timeoutMs))) return false;
    this.#validUntilMs = startMs + leaseMs * HELD_SHARE;
    this.#adopt(next);
    return true;
  }

  #write(record: ElectionRecord, version: string, timeoutMs: number): Promise<boolean> {
    const summary = {
      members: Object.keys(record.members).sort(),
      leaseMs: this.#leaseMs,
      transitions: record.transitions,
    };
    return this.#options.store.write(printRecord(record), version, summary, timeoutMs);
  }

  /** Adopts a record that was read: shards that it does not assign to this replica are lost. */
  #observe(record: ElectionRecord): void {
    const { clock, id } = this.#options;
    const isReset = this.#watch.observe(record, clock.observed());
    this.#record = record;
    // A loss of data does not end a lease that is valid, and no replica takes a shard for the duration of a lease after it.
    if (isReset) this.#isClaiming = true;
    if (this.#isClaiming && this.#isValid) return;
    this.#isClaiming = false;
    this.#lose([...this.#leases.keys()].filter((shard) => record.owners[shard] !== id));
  }

  #endedMembers(record: ElectionRecord): ReadonlySet<string> {
    const { clock, id } = this.#options;
    const nowMs = clock.observed();
    const others = Object.keys(record.members).filter((member) => member !== id);
    return new Set(others.filter((member) => this.#watch.endOf(member, record) <= nowMs));
  }

  /** Adopts a record that this replica has written. */
  #adopt(record: ElectionRecord): void {
    const { clock, id, log, metrics } = this.#options;
    this.#watch.observe(record, clock.observed());
    this.#record = record;
    this.#isClaiming = false;
    const own = Object.keys(record.owners).filter((shard) => record.owners[shard] === id);
    const gained = own.filter((shard) => !this.#leases.has(shard));
    for (const shard of gained) {
      this.#leases.set(shard, new ShardLease(() => this.#isValid || this.#isLastResort));
    }
    const groups = this.#groupsOf(gained);
    if (groups > 0) {
      metrics.changed('gained', groups);
      log.info({ groups, members: Object.keys(record.members).length }, 'rule groups gained by election');
    }
    const leaving = excessShards(record, id, this.#sizes).filter((shard) => !this.#leaving.has(shard));
    for (const shard of leaving) this.#leaving.add(shard);
    if (gained.length + leaving.length > 0) this.#notify();
  }

  #lose(shards: readonly string[]): void {
    if (shards.length === 0) return;
    const { log, metrics } = this.#options;
    for (const shard of shards) this.#revoke(shard);
    const groups = this.#groupsOf(shards);
    if (groups > 0) {
      metrics.changed('lost', groups);
      log.warn({ groups }, 'rule groups lost: another replica evaluates them');
    }
    this.#notify();
  }

  #revoke(shard: string): void {
    this.#leases.get(shard)?.revoke();
    this.#leases.delete(shard);
    this.#leaving.delete(shard);
  }

  /** Reports changed leases. Shards that are given up wait until their groups have stopped. */
  #notify(): void {
    const leaving = [...this.#leaving].map((shard) => [shard, this.#leases.get(shard)] as const);
    void this.#listener().then(() => {
      if (leaving.length === 0 || this.#isClosed) return;
      for (const [shard, lease] of leaving) if (this.#leases.get(shard) === lease) this.#stopped.add(shard);
      // Their last alerts are sent in the meantime.
      this.#renewIn(this.#leaseMs * CHANGE_SHARE);
    });
  }

  #succeeded(): void {
    const { log, metrics, store } = this.#options;
    metrics.renewed('written');
    const hasFailed = this.#failure !== undefined;
    this.#failure = undefined;
    if (hasFailed) log.info({ store: store.title }, 'rule election continues');
    this.#hasLapsed = false;
    this.#scheduleLapse(this.#validUntilMs);
    if (!hasFailed) return;
    this.#lastResort.ended();
    this.#notify();
  }

  #failed(reason: string): void {
    const { log, metrics, store } = this.#options;
    metrics.renewed('failed');
    if (this.#failure === undefined) log.warn({ store: store.title, err: reason }, 'rule leases not renewed');
    this.#failure = reason;
  }

  /** Reports the end of the leases, unless they are renewed before. @param atMs time of `LeaseClock.held`. */
  #scheduleLapse(atMs: number): void {
    const { timers, log, store, clock, evaluatesWithoutStore } = this.#options;
    this.#cancelLapse();
    this.#cancelLapse = timers.schedule(Math.max(0, Math.ceil(atMs - clock.held())), () => {
      if (this.#isValid || this.#hasLapsed || this.#isClosed) return;
      for (const lease of this.#leases.values()) if (!lease.isHeld) lease.ended();
      this.#hasLapsed = true;
      const fields = { store: store.title, err: this.#failure };
      if (evaluatesWithoutStore) log.error(fields, 'rules are evaluated without election');
      else log.error(fields, 'rules are not evaluated: the leases have ended');
      this.#report();
      this.#notify();
    });
  }

  /** Removes this replica from the record. */
  async #leave(): Promise<void> {
    const { store, id } = this.#options;
    const timeoutMs = Math.min(this.#leaseMs * RENEWAL_SHARE, MAX_RELEASE_MS);
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
      const { text, version } = await store.read(timeoutMs);
      const record = text === undefined ? undefined : parseRecord(text);
      if (record?.members[id] === undefined) return;
      if (await this.#write(withoutMember(record, id), version, timeoutMs)) return;
    }
  }

  #groupsOf(shards: readonly string[]): number {
    return shards.reduce((sum, shard) => sum + (this.#sizes.get(shard) ?? 0), 0);
  }

  #report(): void {
    const groups = [...this.#shards.keys()];
    this.#options.metrics.state({
      isValid: this.#isValid,
      members: Object.keys(this.#record?.members ?? {}).length,
      ownGroups: groups.filter((key) => this.leaseOf(key)?.isHeld === true).length,
      groupsWithoutOwner: groups.filter((key) => this.holderOf(key) === undefined).length,
    });
  }
}
