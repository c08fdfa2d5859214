// A server group over HTTP: takes its targets from a source and creates snapshots for requests.

import type { ServerGroupSettings } from '../config/index.js';
import { createStaticSource, type TargetSource } from '../discovery/index.js';
import { asPromfedError, targetSets, type LabelFilter } from '../model/index.js';
import { Cancellation, createTimers, NO_LOG } from '../runtime/index.js';
import { GroupDetection } from './detect/group-detection.js';
import { TargetDetector } from './detect/target-detector.js';
import type { TargetGroup } from './group/fan-out.js';
import { boundsAt } from './group/group-bounds.js';
import { HttpGroupSnapshot } from './group/http-group-snapshot.js';
import { ALL_TARGETS } from './group/target-policy.js';
import { createCredentials, type Credentials } from './http/credentials.js';
import { ownerOf } from './http/owner.js';
import { Redactor } from './http/redactor.js';
import { Target } from './http/target.js';
import { GroupFilter } from './learn/group-filter.js';
import type { LearnedHistogramNames } from './learn/histogram-names.js';
import type { LabelIndex } from './learn/label-index.js';
import { withRefreshContext } from './learn/refresh-context.js';
import { tryStartHistogramNames, tryStartLabelIndex } from './learn/start-learning.js';
import { DEFAULT_UPSTREAM_LIMITS, type UpstreamOptions } from './options.js';
import type { GroupSnapshot, LabelIndexStatus, ServerGroup } from './server-group.js';

/**
 * Creates a group. No connection is opened before the first request.
 *
 * @param source of the targets; closed with the group. Default: the targets of the settings.
 * @throws PromfedError `bad_data` when a target, a header or the credentials of the settings are invalid.
 */
export function createServerGroup(
  settings: ServerGroupSettings,
  options: UpstreamOptions,
  source: TargetSource = createStaticSource(settings.targets),
): ServerGroup {
  return new HttpServerGroup(settings, options, source);
}

/** Time limit of a detection that a query waits for. */
const DETECTION_TIMEOUT_MS = 2000;

class HttpServerGroup implements ServerGroup {
  readonly name: string;
  readonly #settings: ServerGroupSettings;
  readonly #options: UpstreamOptions;
  readonly #source: TargetSource;
  readonly #redactor: Redactor;
  readonly #credentials: Credentials | undefined;
  readonly #filter: GroupFilter | undefined;
  readonly #labelIndex: LabelIndex | undefined;
  readonly #histograms: LearnedHistogramNames | undefined;
  readonly #detector: TargetDetector;
  readonly #detection: GroupDetection | undefined;
  /** By address. */
  #targets: ReadonlyMap<string, Target> = new Map();
  #targetGroups: readonly TargetGroup[] = [];
  /** Snapshots without learned label values. Undefined for a time range that moves with the clock. */
  #reusable: readonly GroupSnapshot[] | undefined;

  constructor(settings: ServerGroupSettings, options: UpstreamOptions, source: TargetSource) {
    const { httpClient, labelFilter } = settings;
    this.name = settings.name;
    this.#settings = settings;
    this.#options = options;
    this.#source = source;
    this.#redactor = new Redactor({ ...settings, privateKey: httpClient.tls.key });
    this.#credentials =
      httpClient.authentication &&
      createCredentials({
        owner: ownerOf(settings),
        settings: httpClient.authentication,
        redactor: this.#redactor,
        background: options.background,
      });
    this.#filter = labelFilter && new GroupFilter(labelFilter);
    this.#detector = new TargetDetector(
      settings,
      options.clock,
      options.background?.budget,
      (target, isOtherProduct) => {
        if (isOtherProduct) this.#logProduct(target);
        this.#renewSnapshots();
      },
    );
    const current = (): readonly GroupSnapshot[] => this.snapshots(options.clock.now(), false);
    this.#histograms = tryStartHistogramNames(settings, options.background, current);
    this.#labelIndex = tryStartLabelIndex(settings, options.background, current);
    try {
      this.#update((address) => this.#createTarget(address));
    } catch (thrown) {
      this.#stop();
      throw thrown;
    }
    this.#detection =
      options.background &&
      new GroupDetection({
        timers: options.background.timers,
        targets: () => this.#targets.values(),
        detector: this.#detector,
      });
    source.onChange(() => {
      this.#update((address) => this.#tryCreateTarget(address));
    });
  }

  snapshots(nowMs: number, usesLearned: boolean): readonly GroupSnapshot[] {
    const index = usesLearned ? this.#labelIndex : undefined;
    if (index === undefined && this.#reusable !== undefined) return this.#reusable;
    return this.#snapshotsWith(nowMs, index && this.#filter?.with(index.current()));
  }

  async detect(): Promise<void> {
    const targets = [...this.#targets.values()];
    await withRefreshContext(
      new Cancellation(),
      createTimers(this.#options.clock),
      (context) => Promise.allSettled(targets.map((target) => this.#detector.detect(target, context))),
      DETECTION_TIMEOUT_MS,
    );
  }

  labelIndex(): readonly LabelIndexStatus[] {
    return this.#labelIndex?.status() ?? [];
  }

  async close(): Promise<void> {
    this.#stop();
    await Promise.all([...this.#targets.values()].map((target) => target.close()));
  }

  #stop(): void {
    this.#source.close();
    this.#credentials?.stop();
    this.#labelIndex?.stop();
    this.#histograms?.stop();
    this.#detection?.stop();
  }

  #snapshotsWith(nowMs: number, filter: LabelFilter | undefined): readonly GroupSnapshot[] {
    const bounds = boundsAt(this.#settings.timeRange, nowMs);
    return this.#targetGroups.map(
      (group) =>
        new HttpGroupSnapshot({
          settings: this.#settings,
          group,
          detector: this.#detector,
          histograms: this.#histograms,
          filter: filter ?? this.#filter?.declared,
          bounds,
        }),
    );
  }

  /**
   * Adopts the current targets of the source. Targets that stay keep their connections. Removed targets are not closed:
   * running requests may still use them, and their idle connections time out.
   *
   * @param create returns undefined for an invalid target, which is ignored.
   */
  #update(create: (address: string) => Target | undefined): void {
    const { name, labels, antiAffinity, allowsLossyHistograms } = this.#settings;
    const { clock, limits } = this.#options;
    const targets = new Map<string, Target>();
    for (const { address } of this.#source.targets) {
      const target = targets.get(address) ?? this.#targets.get(address) ?? create(address);
      if (target !== undefined) targets.set(address, target);
    }
    this.#targets = targets;
    const usable = this.#source.targets.filter(({ address }) => targets.has(address));
    this.#targetGroups = targetSets(name, labels, usable).map((set) => ({
      name: set.name,
      labels: set.labels,
      targets: [...new Set(set.targets.map(({ address }) => targets.get(address)!))],
      policy: ALL_TARGETS,
      antiAffinity,
      clock,
      limits: { ...DEFAULT_UPSTREAM_LIMITS, ...limits },
      allowsLossyHistograms,
      redact: (text: string) => this.#redactor.redact(text),
    }));
    this.#renewSnapshots();
  }

  #logProduct({ name: target, traits: { product } }: Target): void {
    const fields = { server_group: this.name, target, product: product.name, version: product.version };
    this.#options.background?.log.info(fields, 'product of a target detected');
  }

  #renewSnapshots(): void {
    const isFixed = this.#settings.timeRange?.kind !== 'relative';
    this.#reusable = isFixed ? this.#snapshotsWith(NaN, undefined) : undefined;
  }

  #createTarget(address: string): Target {
    return new Target(address, this.#settings, this.#options, this.#credentials);
  }

  #tryCreateTarget(address: string): Target | undefined {
    try {
      return this.#createTarget(address);
    } catch (thrown) {
      const log = this.#options.background?.log ?? NO_LOG;
      const reason = asPromfedError(thrown).message;
      log.warn({ server_group: this.name, target: address, reason }, 'target ignored');
      return undefined;
    }
  }
}
