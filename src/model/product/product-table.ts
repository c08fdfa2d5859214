// The table of constructs of PromQL that products lack, or evaluate in another way than promfed, by version.
//
// Only stable constructs are listed: experimental ones are never sent to a region. Values of VictoriaMetrics that follow
// its own rules are not listed either: `semantics` decides whether these are accepted.

import { isOlder, tryParseVersion, type Product, type ProductName, type Version } from './product.js';

/** A function, an operator, or a construct with a name of its own. */
export type Construct = string;

/** A construct that a server cannot be sent. */
export interface Lack {
  /** Completes `eu runs Prometheus 3.5.3, which …`. */
  readonly text: string;
  /** True when the server accepts the construct, but its result may differ. `semantics: native` accepts the result. */
  readonly isDifference: boolean;
}

interface Row {
  readonly constructs: readonly Construct[];
  /** The first version of Prometheus that has the construct, or evaluates it as promfed does. */
  readonly since: Version;
  /** The first version that differs. Default: all before `since`. */
  readonly differsFrom?: Version;
  /** Completes `eu runs Prometheus 3.5.3, which …`. Undefined when older versions lack the construct. */
  readonly difference?: string;
}

/** Ranges and lookback include their left end before this version. Source: Prometheus, CHANGELOG.md. */
const LEFT_OPEN: Version = [3, 0, 0];
/** Subqueries include their left end before this version. */
const SUBQUERIES_LEFT_OPEN: Version = [3, 0, 1];
/** The API has the parameter `lookback_delta`. */
const LOOKBACK_PARAMETER: Version = [2, 43, 0];

const TRIGONOMETRY = 'acos acosh asin asinh atan atanh cos cosh deg pi rad sin sinh tan tanh atan2';

/** Source: Prometheus, CHANGELOG.md. */
const ROWS: readonly Row[] = [
  { constructs: ['first_over_time'], since: [3, 14, 0] },
  {
    constructs: ['histogram_fraction of classic buckets'],
    since: [3, 8, 0],
    difference: 'evaluates histogram_fraction() of classic buckets differently',
  },
  {
    constructs: ['varying parameter'],
    since: [3, 5, 0],
    differsFrom: [2, 52, 0],
    difference: 'evaluates the parameter of an aggregation at the first step only',
  },
  {
    constructs: ['extrapolation'],
    since: LEFT_OPEN,
    difference: 'includes the left end of a range, by which this function extrapolates',
  },
  { constructs: ['UTF-8 labels in label_replace'], since: [3, 3, 0] },
  { constructs: ['quoted label names'], since: [3, 0, 0] },
  { constructs: ['histogram_avg'], since: [2, 51, 0] },
  { constructs: ['histogram_stddev', 'histogram_stdvar'], since: [2, 47, 0] },
  {
    constructs: ['lookback'],
    since: LOOKBACK_PARAMETER,
    difference: 'includes the left end of the lookback, and cannot be sent another lookback',
  },
  { constructs: ['histogram_count', 'histogram_sum', 'histogram_fraction'], since: [2, 40, 0] },
  { constructs: ['day_of_year'], since: [2, 36, 0] },
  { constructs: ['negative offsets', 'the @ modifier'], since: [2, 33, 0] },
  { constructs: TRIGONOMETRY.split(' '), since: [2, 31, 0] },
  { constructs: ['present_over_time'], since: [2, 29, 0] },
  { constructs: ['clamp', 'last_over_time', 'sgn'], since: [2, 26, 0] },
  { constructs: ['group'], since: [2, 20, 0] },
];

/** Functions that VictoriaMetrics lacks, or that read its own kind of histograms instead of native ones. */
const VICTORIAMETRICS: ReadonlySet<Construct> = new Set([
  'histogram_avg',
  'histogram_count',
  'histogram_stddev',
  'histogram_stdvar',
  'histogram_sum',
]);

/**
 * Operations of VictoriaMetrics whose results have other labels, another number of series or no error, each with the
 * text of the lack. Source: VictoriaMetrics, app/vmselect/promql (`transformFuncsKeepMetricName`, `binaryOpOr`,
 * `adjustBinaryOpTags`).
 */
const VICTORIAMETRICS_LABELS: ReadonlyMap<Construct, string> = new Map([
  ['operands without names', 'keeps names of the operands, on which the result depends'],
  ['operands that become equal', 'does not report operands that become equal without their names or labels'],
  ['operands without labels', 'matches a series without labels with every other one'],
]);

/** Buckets with the label `vmrange`. Other products ignore them, with a warning about the missing label `le`. */
const RANGE_BUCKETS: Construct = 'vmrange buckets';

/** The version of Prometheus whose PromQL a product evaluates, for versions from the first one on. Newest first. */
type Equivalents = readonly (readonly [from: Version, prometheus: Version])[];

/** Source: Thanos, go.mod at each release. */
const THANOS: Equivalents = [
  [
    [0, 42, 0],
    [3, 9, 1],
  ],
  [
    [0, 41, 0],
    [3, 8, 0],
  ],
  [
    [0, 40, 0],
    [3, 5, 0],
  ],
  [
    [0, 39, 0],
    [3, 3, 1],
  ],
  [
    [0, 38, 0],
    [3, 1, 0],
  ],
  [
    [0, 37, 0],
    [3, 0, 0],
  ],
  [
    [0, 36, 0],
    [2, 52, 0],
  ],
  [
    [0, 33, 0],
    [2, 47, 2],
  ],
  [
    [0, 31, 0],
    [2, 42, 0],
  ],
  [
    [0, 0, 0],
    [2, 33, 0],
  ],
];

/** A careful estimate: release notes of Mimir do not name the version of Prometheus. */
const MIMIR: Equivalents = [
  [
    [3, 0, 0],
    [3, 5, 0],
  ],
  [
    [2, 15, 0],
    [3, 0, 1],
  ],
  [
    [0, 0, 0],
    [2, 47, 0],
  ],
];

/** Stable PromQL of this version is assumed for servers that do not tell their product or their version. */
const ASSUMED: Version = [3, 0, 1];

const byConstruct: ReadonlyMap<Construct, readonly Row[]> = groupRows();

function groupRows(): ReadonlyMap<Construct, readonly Row[]> {
  const rows = new Map<Construct, Row[]>();
  for (const row of ROWS) {
    for (const one of row.constructs) rows.set(one, [...(rows.get(one) ?? []), row]);
  }
  return rows;
}

/** Reports whether any product may lack the construct. Most constructs are not listed. */
export function isListed(construct: Construct): boolean {
  return byConstruct.has(construct) || construct === RANGE_BUCKETS || VICTORIAMETRICS_LABELS.has(construct);
}

/** Returns what a product lacks of a construct; undefined when it evaluates the construct as promfed does. */
export function lackOf(product: Product, construct: Construct): Lack | undefined {
  const labels = VICTORIAMETRICS_LABELS.get(construct);
  // An unknown product may be a VictoriaMetrics behind a proxy that does not serve its version.
  if (labels !== undefined && product.name === 'unknown') {
    return { text: `may be VictoriaMetrics and then ${labels}`, isDifference: false };
  }
  if (product.name === 'victoriametrics') {
    if (labels !== undefined) return { text: labels, isDifference: false };
    return VICTORIAMETRICS.has(construct) ? lacks(construct, true) : undefined;
  }
  if (construct === RANGE_BUCKETS) return lacks(construct, isKnown(product));
  const rows = byConstruct.get(construct);
  if (rows === undefined) return undefined;
  const version = prometheusVersionOf(product);
  // The last row is about the oldest versions.
  const row = rows.findLast(
    ({ since, differsFrom }) =>
      isOlder(version, since) && (differsFrom === undefined || !isOlder(version, differsFrom)),
  );
  if (row === undefined) return undefined;
  if (row.difference === undefined) return lacks(construct, isKnown(product));
  return { text: isKnown(product) ? row.difference : `may differ in ${construct}`, isDifference: true };
}

function lacks(construct: Construct, isCertain: boolean): Lack {
  return { text: `${isCertain ? 'lacks' : 'may lack'} ${construct}`, isDifference: false };
}

/** Reports whether the version of PromQL that the product evaluates is known, and not assumed. */
function isKnown({ name, version }: Product): boolean {
  return name !== 'unknown' && tryParseVersion(version) !== undefined;
}

/** Reports whether ranges of the product include a sample at their left end. */
export function hasClosedRanges(product: Product): boolean {
  return isOlderThan(product, LEFT_OPEN);
}

/** Reports whether subqueries of the product include a step at their left end. */
export function hasClosedSubqueries(product: Product): boolean {
  return isOlderThan(product, SUBQUERIES_LEFT_OPEN);
}

/** Reports whether the lookback of the product includes its left end, and its API accepts another lookback. */
export function hasClosedLookback(product: Product): boolean {
  return isOlderThan(product, LEFT_OPEN) && !isOlderThan(product, LOOKBACK_PARAMETER);
}

function isOlderThan(product: Product, version: Version): boolean {
  return product.name !== 'victoriametrics' && isOlder(prometheusVersionOf(product), version);
}

/** Returns the version of Prometheus whose PromQL the product evaluates. */
function prometheusVersionOf({ name, version: text }: Product): Version {
  const version = tryParseVersion(text);
  if (version === undefined) return ASSUMED;
  if (name === 'prometheus') return version;
  const equivalents: Readonly<Partial<Record<ProductName, Equivalents>>> = { thanos: THANOS, mimir: MIMIR };
  return equivalents[name]?.find(([from]) => !isOlder(version, from))?.[1] ?? ASSUMED;
}
