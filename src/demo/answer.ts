// Answers of a demo region, in the shapes of Prometheus' HTTP API.

import {
  formatFloat,
  formatTimestamp,
  Labels,
  type Annotations,
  type Column,
  type Grid,
} from '../model/index.js';
import type { Value } from '../promql/eval/index.js';

/** `{"status":"success","data":…}` with the annotations there are. `data` is JSON already. */
export function success(data: string, annotations?: Pick<Annotations, 'warnings' | 'infos'>): string {
  const { warnings = [], infos = [] } = annotations ?? {};
  const rest =
    (warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`) +
    (infos.length === 0 ? '' : `,"infos":${JSON.stringify(infos)}`);
  return `{"status":"success","data":${data}${rest}}`;
}

/** The `data` of an instant query. */
export function instantData(value: Value, timeMs: number): string {
  const time = formatTimestamp(timeMs);
  switch (value.type) {
    case 'scalar':
      return result('scalar', `[${time},"${formatFloat(value.values[0]!)}"]`);
    case 'string':
      return result('string', `[${time},${JSON.stringify(value.value)}]`);
    case 'vector': {
      const samples = value.columns
        .filter(({ present }) => present[0] === 1)
        .map(
          ({ labels, values }) => `{"metric":${json(labels)},"value":[${time},"${formatFloat(values[0]!)}"]}`,
        );
      return result('vector', `[${samples.join(',')}]`);
    }
    case 'matrix': {
      const series = value.series.map(({ labels, timestamps, values }) => {
        const points = [...timestamps].map((at, i) => point(at, values[i]!));
        return `{"metric":${json(labels)},"values":[${points.join(',')}]}`;
      });
      return result('matrix', `[${series.join(',')}]`);
    }
  }
}

/** The `data` of a range query: a matrix, sorted by labels. */
export function rangeData(value: Value, grid: Grid): string {
  const series = columnsOf(value, grid)
    .sort((a, b) => Labels.compare(a.labels, b.labels))
    .map(({ labels, values, present }) => {
      const points: string[] = [];
      for (let step = 0; step < grid.count; step++) {
        if (present[step] === 1) points.push(point(grid.startMs + step * grid.stepMs, values[step]!));
      }
      return `{"metric":${json(labels)},"values":[${points.join(',')}]}`;
    });
  return result('matrix', `[${series.join(',')}]`);
}

function columnsOf(value: Value, grid: Grid): Column[] {
  if (value.type === 'vector') return [...value.columns];
  if (value.type !== 'scalar') return [];
  return [{ labels: Labels.EMPTY, values: value.values, present: new Uint8Array(grid.count).fill(1) }];
}

function result(type: string, json: string): string {
  return `{"resultType":"${type}","result":${json}}`;
}

function point(timeMs: number, value: number): string {
  return `[${formatTimestamp(timeMs)},"${formatFloat(value)}"]`;
}

function json(labels: Labels): string {
  return JSON.stringify(labels);
}
