// Answers in the forms that servers send, with the frames that they contain.

import type { ResponseTrailer } from '../../../src/json/index.js';

export interface Shape {
  readonly name: string;
  readonly body: string;
  readonly type: string;
  readonly series: readonly { readonly metric: Readonly<Record<string, string>>; readonly samples: string }[];
  /** Default: empty. */
  readonly trailer?: ResponseTrailer;
}

const UP = '{"__name__":"up","job":"a"}';
const UP_LABELS = { __name__: 'up', job: 'a' };

export const shapes: readonly Shape[] = [
  {
    name: 'Prometheus, a matrix',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${UP},"values":[[1,"2"],[3.5,"NaN"]]},{"metric":{},"values":[[1,"+Inf"]]}]}}`,
    type: 'matrix',
    series: [
      { metric: UP_LABELS, samples: '"values":[[1,"2"],[3.5,"NaN"]]' },
      { metric: {}, samples: '"values":[[1,"+Inf"]]' },
    ],
  },
  {
    name: 'Prometheus, a vector with a warning and an info after the data',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":${UP},"value":[1.123,"-Inf"]}]},"warnings":["w"],"infos":["i"]}\n`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"value":[1.123,"-Inf"]' }],
    trailer: { warnings: ['w'], infos: ['i'], isPartial: false },
  },
  {
    name: 'VictoriaMetrics cluster, partial, with stats and a trace',
    body: `{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[{"metric":${UP},"value":[1,"2"]}]},"stats":{"seriesFetched": "1","executionTimeMsec":2},"trace":{"duration_msec":0.1,"message":"a } \\" ]","children":[{"message":"{["}]}}`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"value":[1,"2"]' }],
    trailer: { warnings: [], infos: [], isPartial: true },
  },
  {
    name: 'Thanos and Mimir, with the analysis before the result and warnings before the data',
    body: `{"warnings":["w1","w2"],"status":"success","data":{"analysis":{"a":[1,{"b":null}]},"explanation":null,"stats":{},"resultType":"matrix","result":[{"metric":${UP},"values":[]}]}}`,
    type: 'matrix',
    series: [{ metric: UP_LABELS, samples: '"values":[]' }],
    trailer: { warnings: ['w1', 'w2'], infos: [], isPartial: false },
  },
  {
    name: 'the result before its type, the status last, the metric after the values',
    body: `{"data":{"result":[{"values":[[1,"2"]],"metric":${UP}}],"resultType":"matrix"},"status":"success"}`,
    type: 'matrix',
    series: [{ metric: UP_LABELS, samples: '"values":[[1,"2"]]' }],
  },
  {
    name: 'white space everywhere',
    body: `\n { "status" : "success" , "data" : { "resultType" : "matrix" , "result" : [ { "metric" : { "__name__" : "up" , "job" : "a" } , "values" : [ [ 1 , "2" ] ] } , { "metric" : { } , "values" : [ ] } ] } }\r\n\t `,
    type: 'matrix',
    series: [
      { metric: UP_LABELS, samples: '"values" : [ [ 1 , "2" ] ]' },
      { metric: {}, samples: '"values" : [ ]' },
    ],
  },
  {
    name: 'native histograms in a matrix, with floats and alone',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${UP},"values":[[1,"2"]],"histograms":[[3,{"count":"1","sum":"2","buckets":[[3,"-0.25","0.25","3"]]}]]},{"metric":{},"histograms":[[3,{"count":"1","sum":"2"}]]}]}}`,
    type: 'matrix',
    series: [
      {
        metric: UP_LABELS,
        samples:
          '"values":[[1,"2"]],"histograms":[[3,{"count":"1","sum":"2","buckets":[[3,"-0.25","0.25","3"]]}]]',
      },
      { metric: {}, samples: '"histograms":[[3,{"count":"1","sum":"2"}]]' },
    ],
  },
  {
    name: 'a native histogram in a vector',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":${UP},"histogram":[3,{"count":"1","sum":"2"}]}]}}`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"histogram":[3,{"count":"1","sum":"2"}]' }],
  },
  {
    name: 'a scalar',
    body: '{"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"1"]}}',
    type: 'scalar',
    series: [{ metric: {}, samples: '"value":[1435781451.781,"1"]' }],
  },
  {
    name: 'a string before its type',
    body: '{"status":"success","data":{"result":[1,"a ] \\" }"],"resultType":"string"}}',
    type: 'string',
    series: [{ metric: {}, samples: '"value":[1,"a ] \\" }"]' }],
  },
  {
    name: 'no series',
    body: '{"status":"success","data":{"resultType":"vector","result":[]}}',
    type: 'vector',
    series: [],
  },
  {
    name: 'no series, before the type',
    body: '{"status":"success","data":{"result":[],"resultType":"matrix"}}',
    type: 'matrix',
    series: [],
  },
  {
    name: 'null for no series',
    body: '{"status":"success","data":{"resultType":"matrix","result":null}}',
    type: 'matrix',
    series: [],
  },
  {
    name: 'escapes, surrogate pairs, half of a pair, and other alphabets in labels',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"\\u003c\\"\\\\\\n","b":"\\ud83d\\ude00","c":"\\ud83d","ключ":"значение 😀"},"value":[1,"2"]}]}}`,
    type: 'vector',
    series: [
      { metric: { a: '<"\\\n', b: '😀', c: '\ufffd', ключ: 'значение 😀' }, samples: '"value":[1,"2"]' },
    ],
  },
  {
    name: 'labels out of order, repeated and empty',
    body: `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","Zone":"z","b":"1","a":"","b":"2","c":"3","c":""},"value":[1,"2"]}]}}`,
    type: 'vector',
    series: [{ metric: { Zone: 'z', __name__: 'up', b: '2' }, samples: '"value":[1,"2"]' }],
  },
  {
    name: 'unknown members everywhere',
    body: `{"x":[{"a":"}"}],"status":"success","data":{"y":"\\\\","resultType":"vector","z":1e5,"result":[{"x":{"metric":1},"metric":${UP},"y":[],"value":[1,"2"],"z":true}]},"end":null}`,
    type: 'vector',
    series: [{ metric: UP_LABELS, samples: '"value":[1,"2"]' }],
  },
  {
    name: 'member names with escapes',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"values":[[1,"2"]],"metr\\u0069c":${UP},"h\\u0069stograms":[[1,{}]]}]}}`,
    type: 'matrix',
    series: [{ metric: UP_LABELS, samples: '"values":[[1,"2"]],"histograms":[[1,{}]]' }],
  },
  {
    name: 'a series without samples and one without a metric',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":${UP}},{"values":[]},{"metric":null,"values":[]},{}]}}`,
    type: 'matrix',
    series: [
      { metric: UP_LABELS, samples: '' },
      { metric: {}, samples: '"values":[]' },
      { metric: {}, samples: '"values":[]' },
      { metric: {}, samples: '' },
    ],
  },
  {
    name: 'text that resembles the end of a series',
    body: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"0\\"]]},{","b":"]]}"},"values":[[1,"1\\"]]}"],[2,"]]}"]]},{"metric":${UP},"values":[[1,"a:b"]]}]}}`,
    type: 'matrix',
    series: [
      { metric: { a: '0"]]},{', b: ']]}' }, samples: '"values":[[1,"1\\"]]}"],[2,"]]}"]]' },
      { metric: UP_LABELS, samples: '"values":[[1,"a:b"]]' },
    ],
  },
];
