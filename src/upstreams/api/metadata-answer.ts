// Reads and checks the buffered responses of an upstream's metadata routes.

import { invalidAnswer } from '../../json/index.js';
import { Labels } from '../../model/index.js';
import { excerpt, printable } from '../http/sanitize.js';
import type { ResponseBody } from '../http/response-body.js';
import type { Endpoint } from '../metrics.js';
import { regionError } from '../region-error.js';
import type { MetadataAnswer, MetricMetadata } from '../server-group.js';

/** Limits of the error and the warnings of a response. */
const MAX_TEXT_CHARS = 4096;
const MAX_WARNINGS = 100;

/** A parsed response whose `data` has not been checked. */
export interface MetadataEnvelope {
  readonly data: unknown;
  readonly warnings: readonly string[];
  /** True when some storage nodes of a VictoriaMetrics cluster did not answer. */
  readonly isPartial: boolean;
}

/**
 * Memory in bytes for each byte of a response: chunks, one buffer, text, parsed JSON, labels, and the text of promfed's
 * answer. Measured with series of ten labels on Node.js 20.
 */
const HELD_PER_BYTE = 11;

/**
 * Reads a body to its end and parses it. The memory of the result stays reserved until the request is over.
 *
 * @throws PromfedError `upstream` when the body is incomplete, too large, not JSON, or has no `data`; the error of an
 *   error envelope (`regionError`); errors of the memory account.
 */
export async function readMetadata(body: ResponseBody, endpoint: Endpoint): Promise<MetadataEnvelope> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    body.memory.reserve('metadata', chunk.length * HELD_PER_BYTE);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const page = excerpt(text, 100);
    throw invalidAnswer(page === '' ? 'empty response' : `not JSON: ${page}`, { cause });
  }
  if (!isRecord(value)) throw invalidAnswer('the response is not an object');
  if (value['status'] !== 'success') {
    const { error, errorType = '' } = value;
    if (typeof error !== 'string' || typeof errorType !== 'string') {
      throw invalidAnswer('the status is not "success"');
    }
    const text = printable(error, MAX_TEXT_CHARS);
    throw regionError({ endpoint, status: 200, errorType: excerpt(errorType, 100), text });
  }
  if (value['data'] === undefined) throw invalidAnswer('the response has no data');
  const warnings = strings(value['warnings'] ?? [], 'warnings').slice(0, MAX_WARNINGS);
  return {
    data: value['data'],
    warnings: warnings.map((warning) => printable(warning, MAX_TEXT_CHARS)),
    isPartial: value['isPartial'] === true,
  };
}

/** One kind of metadata. */
export interface MetadataKind<T> {
  /** Limit of one response in bytes, below that of all metadata. Default: that of all metadata. */
  readonly maxBytes?: number;
  /** Reads the `data` of a response. @throws PromfedError `upstream` when the shape is wrong. */
  parse(data: unknown): T;
  /** Returns the union of the answers of replicas, without duplicates, in the order of the answers. */
  unite(answers: readonly T[]): T;
}

export const SERIES: MetadataKind<readonly Labels[]> = {
  parse: (data) =>
    arrayOf(data, 'data').map((entry) => {
      const record = recordOf(entry, 'a series');
      return Labels.of(Object.entries(record).map(([name, value]) => [name, textOf(value, 'a label value')]));
    }),
  unite: (answers) => [...new Map(answers.flat().map((labels) => [labels.key, labels])).values()],
};

export const STRINGS: MetadataKind<readonly string[]> = {
  parse: (data) => strings(data, 'data'),
  unite: (answers) => [...new Set(answers.flat())],
};

export const METADATA: MetadataKind<ReadonlyMap<string, readonly MetricMetadata[]>> = {
  parse: (data) =>
    new Map(
      Object.entries(recordOf(data, 'data')).map(([metric, entries]) => [
        metric,
        arrayOf(entries, 'the entries of a metric').map(parseMetricMetadata),
      ]),
    ),
  unite: (answers) => {
    const united = new Map<string, Map<string, MetricMetadata>>();
    for (const [metric, entries] of answers.flatMap((answer) => [...answer])) {
      const known = united.get(metric) ?? new Map<string, MetricMetadata>();
      united.set(metric, known);
      for (const entry of entries) {
        const key = JSON.stringify([entry.type, entry.help, entry.unit]);
        if (!known.has(key)) known.set(key, entry);
      }
    }
    return new Map([...united].map(([metric, entries]) => [metric, [...entries.values()]]));
  },
};

/** Missing members become empty strings. */
function parseMetricMetadata(entry: unknown): MetricMetadata {
  const { type = '', help = '', unit = '' } = recordOf(entry, 'the metadata of a metric');
  return { type: textOf(type, 'type'), help: textOf(help, 'help'), unit: textOf(unit, 'unit') };
}

/** Merges the answers of replicas. @param failureWarnings the warnings for replicas that failed. */
export function uniteAnswers<T>(
  kind: MetadataKind<T>,
  answers: readonly MetadataAnswer<T>[],
  failureWarnings: readonly string[],
): MetadataAnswer<T> {
  const warnings = [...new Set([...answers.flatMap((answer) => answer.warnings), ...failureWarnings])];
  return { data: kind.unite(answers.map((answer) => answer.data)), warnings };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The following functions check a member of `data`. @throws PromfedError `upstream` with the name of the member. */
export function recordOf(value: unknown, name: string): Record<string, unknown> {
  if (!isRecord(value)) throw invalidAnswer(`${name} is not an object`);
  return value;
}

export function arrayOf(value: unknown, name: string): unknown[] {
  // Some servers encode an empty list as null.
  if (value === null) return [];
  if (!Array.isArray(value)) throw invalidAnswer(`${name} is not a list`);
  return value;
}

function strings(value: unknown, name: string): string[] {
  return arrayOf(value, name).map((entry) => textOf(entry, `an entry of ${name}`));
}

export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw invalidAnswer(`${name} is not a string`);
  return value;
}
