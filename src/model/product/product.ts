// The product that a target runs, and its version.

export type ProductName = 'prometheus' | 'victoriametrics' | 'thanos' | 'mimir' | 'unknown';

export interface Product {
  readonly name: ProductName;
  /** The version that the server reports, for example `3.5.3+ds1`. Empty when it does not report one. */
  readonly version: string;
  /**
   * The lookback of the server in milliseconds. Read only from servers that need it (`hasClosedLookback`); undefined
   * otherwise.
   */
  readonly lookbackMs?: number | undefined;
}

/** A server whose product is not known, or not known yet. */
export const UNKNOWN_PRODUCT: Product = { name: 'unknown', version: '' };

/** Major, minor and patch version. */
export type Version = readonly [major: number, minor: number, patch: number];

/** Returns the numbers of a version; undefined when it has no major and minor version. */
export function tryParseVersion(text: string): Version | undefined {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch ?? 0)];
}

/** Reports whether version `a` is older than `b`. Pre-releases count as the release. */
export function isOlder(a: Version, b: Version): boolean {
  for (const i of [0, 1, 2] as const) if (a[i] !== b[i]) return a[i] < b[i];
  return false;
}

export function sameProduct(a: Product, b: Product): boolean {
  return a.name === b.name && a.version === b.version && a.lookbackMs === b.lookbackMs;
}

const TITLES: Readonly<Record<ProductName, string>> = {
  prometheus: 'Prometheus',
  victoriametrics: 'VictoriaMetrics',
  thanos: 'Thanos',
  mimir: 'Mimir',
  unknown: 'an unknown product',
};

/** Returns `Prometheus 3.5.3`: the name, and the version without build metadata. */
export function printProduct({ name, version }: Product): string {
  const shown = version.replace(/\+.*$/, '');
  return shown === '' ? TITLES[name] : `${TITLES[name]} ${shown}`;
}
