// Queries on the series of regions.ts.

/** Queries that are pushed down, as a whole or in part, and have a result over two regions. */
export const QUERIES = [
  'memory_usage_bytes @ end()',
  'sum(rate(http_requests_total[5m] @ end())) + 2 * sum(rate(http_requests_total[5m] @ start()))',
  'absent_over_time({namespace="ns-0"}[5m]) or vector(7)',
  'absent_over_time((gone{a="b"}[5m]))',
  'absent((gone{a="b"}))',
  'label_replace(queue_depth, ("promxyClusterNamespace"), "x-$1", "pod", "(.*)")',
  'count_values by (promxyCluster) (("depth"), queue_depth)',
  'http_requests_total',
  'http_requests_total{promxyCluster="eu",code="500"}',
  'queue_depth',
  '{promxyClusterNamespace=~"kcm.*",__name__=~"memory.*|queue.*",namespace!="ns-1"}',
  'rate(http_requests_total[5m])',
  '-abs(queue_depth) + 3',
  'memory_usage_bytes > 9e7',
  'sum by (promxyCluster) (rate(http_requests_total[5m]))',
  'sum(rate(http_requests_total[5m]))',
  'sum without (pod, promxyCluster) (memory_usage_bytes)',
  'count by (namespace) (queue_depth)',
  'min by (code) (increase(http_requests_total[10m]))',
  'max(memory_usage_bytes) / 1024',
  'group by (promxyCluster, code) (http_requests_total)',
  'avg(memory_usage_bytes)',
  'avg by (namespace) (queue_depth)',
  'topk(3, memory_usage_bytes)',
  'bottomk by (promxyCluster) (2, memory_usage_bytes)',
  'count_values("depth", queue_depth)',
  'stddev by (namespace) (memory_usage_bytes)',
  'quantile(0.9, memory_usage_bytes)',
  'sum by (code) (rate(http_requests_total{code="500"}[5m])) / 2',
  'http_requests_total{code="500"} / on (promxyCluster, namespace, pod) http_requests_total{code="200"}',
  'rate(http_requests_total{code="500"}[5m]) / on (promxyCluster, namespace, pod) group_left sum by (promxyCluster, namespace, pod) (rate(http_requests_total[5m]))',
  'sum(queue_depth) or vector(0)',
  'max_over_time(sum by (promxyCluster, namespace) (memory_usage_bytes)[10m:1m])',
  'max_over_time(sum(memory_usage_bytes)[20m:1m])',
  'sum_over_time(count by (namespace) (queue_depth > 0)[20m:30s]) + on () group_left avg_over_time(count(queue_depth)[20m:1m] offset 5m)',
  'min_over_time(max_over_time(sum by (code) (http_requests_total)[10m:1m])[20m:2m])',
  'histogram_quantile(0.9, sum by (le, promxyCluster) (rate(request_duration_seconds_bucket[5m])))',
  'time() - 5',
  '1 + 1',
];

/** Queries that are not pushed down, or whose results differ between kinds of servers. */
export const LOCAL_QUERIES = [
  'max_over_time(sum(rate(http_requests_total[5m]))[20m:1m])',
  'quantile_over_time(scalar(count(queue_depth)) / 100, memory_usage_bytes[10m])',
  'rate({__name__="http_requests_total",code=~".+"}[5m] offset 3m)',
];

/** Reports whether a query has a scalar result. */
export function isScalarQuery(query: string): boolean {
  return /^(time|1)/.test(query);
}
