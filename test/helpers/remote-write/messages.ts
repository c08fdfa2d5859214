// The messages of remote write as the protobuf library decodes them from descriptors, independent of promfed's encoder.
// Source: Prometheus, prompb/remote.proto, prompb/types.proto and prompb/io/prometheus/write/v2/types.proto. Fields of
// type double in samples are declared as fixed64, which has the same bytes, so that tests observe the bits of a NaN.

import { createFileRegistry, fromBinary, fromJson, toJson, type DescMessage } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** `name: TYPE` or `name: repeated TYPE` by field number. */
type Fields = Readonly<Record<number, string>>;

const HISTOGRAM: Fields = {
  1: 'count_int: uint64',
  2: 'count_float: double',
  3: 'sum: fixed64',
  4: 'schema: sint32',
  5: 'zero_threshold: double',
  6: 'zero_count_int: uint64',
  7: 'zero_count_float: double',
  8: 'negative_spans: repeated BucketSpan',
  9: 'negative_deltas: repeated sint64',
  10: 'negative_counts: repeated double',
  11: 'positive_spans: repeated BucketSpan',
  12: 'positive_deltas: repeated sint64',
  13: 'positive_counts: repeated double',
  14: 'reset_hint: int32',
  15: 'timestamp: int64',
  16: 'custom_values: repeated double',
};

const SPAN: Fields = { 1: 'offset: sint32', 2: 'length: uint32' };

const V1: Readonly<Record<string, Fields>> = {
  WriteRequest: { 1: 'timeseries: repeated TimeSeries' },
  TimeSeries: {
    1: 'labels: repeated Label',
    2: 'samples: repeated Sample',
    4: 'histograms: repeated Histogram',
  },
  Label: { 1: 'name: string', 2: 'value: string' },
  Sample: { 1: 'value: fixed64', 2: 'timestamp: int64' },
  Histogram: HISTOGRAM,
  BucketSpan: SPAN,
};

const V2: Readonly<Record<string, Fields>> = {
  Request: { 4: 'symbols: repeated string', 5: 'timeseries: repeated TimeSeries' },
  TimeSeries: {
    1: 'labels_refs: repeated uint32',
    2: 'samples: repeated Sample',
    3: 'histograms: repeated Histogram',
  },
  Sample: { 1: 'value: fixed64', 2: 'timestamp: int64' },
  Histogram: HISTOGRAM,
  BucketSpan: SPAN,
};

const SCALARS: Readonly<Record<string, string>> = {
  double: 'TYPE_DOUBLE',
  int64: 'TYPE_INT64',
  uint64: 'TYPE_UINT64',
  int32: 'TYPE_INT32',
  fixed64: 'TYPE_FIXED64',
  string: 'TYPE_STRING',
  uint32: 'TYPE_UINT32',
  sint32: 'TYPE_SINT32',
  sint64: 'TYPE_SINT64',
};

const WRITE_REQUEST = messageOf('prometheus', V1, 'WriteRequest');
const REQUEST = messageOf('io.prometheus.write.v2', V2, 'Request');

export interface DecodedHistogram {
  readonly timestamp?: string;
  readonly [field: string]: unknown;
}

export interface DecodedSeries {
  /** Name and value of each label, in the order of the message. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Values are the bits of a double. */
  readonly samples: readonly { readonly timeMs: number; readonly bits: bigint }[];
  /** In the JSON form of protocol buffers, with the names of the fields. Zero and empty fields are missing. */
  readonly histograms: readonly DecodedHistogram[];
}

interface JsonSample {
  readonly value?: string;
  readonly timestamp?: string;
}

interface JsonV1 {
  readonly timeseries?: readonly {
    readonly labels?: readonly { readonly name?: string; readonly value?: string }[];
    readonly samples?: readonly JsonSample[];
    readonly histograms?: readonly DecodedHistogram[];
  }[];
}

interface JsonV2 {
  readonly symbols: readonly string[];
  readonly timeseries?: readonly {
    readonly labels_refs?: readonly number[];
    readonly samples?: readonly JsonSample[];
    readonly histograms?: readonly DecodedHistogram[];
  }[];
}

/** Decodes `prometheus.WriteRequest`. Unknown fields are an error. */
export function decodeV1(message: Uint8Array): DecodedSeries[] {
  const { timeseries = [] } = decode(WRITE_REQUEST, message) as JsonV1;
  return timeseries.map(({ labels = [], samples = [], histograms = [] }) => ({
    labels: labels.map(({ name = '', value = '' }) => [name, value] as const),
    samples: samples.map(sampleOf),
    histograms,
  }));
}

/** Decodes `io.prometheus.write.v2.Request`. Unknown fields are an error. */
export function decodeV2(message: Uint8Array): {
  readonly symbols: readonly string[];
  readonly series: DecodedSeries[];
} {
  const { symbols, timeseries = [] } = decode(REQUEST, message) as JsonV2;
  const series = timeseries.map(({ labels_refs = [], samples = [], histograms = [] }) => ({
    labels: labels_refs.flatMap((_, i) =>
      i % 2 === 0 ? [[symbols[labels_refs[i]!]!, symbols[labels_refs[i + 1]!]!] as const] : [],
    ),
    samples: samples.map(sampleOf),
    histograms,
  }));
  return { symbols, series };
}

/** Returns the bits of a double. */
export function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!;
}

function sampleOf({ value = '0', timestamp = '0' }: JsonSample): { timeMs: number; bits: bigint } {
  return { timeMs: Number(timestamp), bits: BigInt(value) };
}

function decode(type: DescMessage, bytes: Uint8Array): unknown {
  const message = fromBinary(type, bytes);
  const json = toJson(type, message, { useProtoFieldName: true });
  if (
    JSON.stringify(message, (_, value: unknown) => (typeof value === 'bigint' ? '' : value)).includes(
      '$unknown',
    )
  ) {
    throw new Error('the message has unknown fields');
  }
  return json;
}

function messageOf(
  packageName: string,
  messages: Readonly<Record<string, Fields>>,
  name: string,
): DescMessage {
  const file = {
    name: `${packageName}.proto`,
    package: packageName,
    syntax: 'proto3',
    messageType: Object.entries(messages).map(([messageName, fields]) => ({
      name: messageName,
      field: Object.entries(fields).map(([number, text]) => fieldOf(packageName, Number(number), text)),
    })),
  };
  const registry = createFileRegistry(fromJson(FileDescriptorSetSchema, { file: [file] }));
  return registry.getMessage(`${packageName}.${name}`)!;
}

function fieldOf(packageName: string, number: number, text: string): Record<string, string | number> {
  const [, name, repeated, type] = /^(\w+): (repeated )?(\w+)$/.exec(text)!;
  const scalar = SCALARS[type!];
  return {
    name: name!,
    number,
    label: repeated === undefined ? 'LABEL_OPTIONAL' : 'LABEL_REPEATED',
    ...(scalar === undefined
      ? { type: 'TYPE_MESSAGE', typeName: `.${packageName}.${type!}` }
      : { type: scalar }),
  };
}
