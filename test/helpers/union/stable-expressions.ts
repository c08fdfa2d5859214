// Expressions whose result Prometheus does not compute in a stable or documented way are not compared.

/**
 * Excludes variances of times, which depend on the order of the sum, because they are small numbers from large ones. For
 * timestamp() of a selector with `@` and `offset`, Prometheus looks back from the time without the offset.
 */
export function isStable(query: string): boolean {
  if (!query.includes('timestamp')) return true;
  return !/stddev|stdvar/.test(query) && !/timestamp\([^()]* @ end\(\) offset/.test(query);
}
