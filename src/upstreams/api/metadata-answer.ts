// Reads the buffered answers of an upstream's metadata routes, trusting nothing about their shape.

import { Labels, PromfedError } from '../../model/index.js';
import { excerpt, printable } from '../http/sanitize.js';
import type { ResponseBody } from '../http/response-body.js';
import type { MetadataAnswer, MetricMetadata } from '../server-group.js';

/** What may be said beside the data, of an upstream's own words. */
const MAX_TEXT_CHARS = 4096;
const MAX_WARNINGS = 100;

/** The parsed answer and what it says about itself. */
export interface MetadataEnvelope {
  readonly data: unknown;
  readonly warnings: readonly string[];
  /** VictoriaMetrics' cluster version: some storage nodes did not answer. */
  readonly isPartial: boolean;
}

/** A failure's message is the reason alone, as all below the group have it. */
function wrongShape(what: string): PromfedError {
  return new PromfedError('upstream', `the answer is not what the API promises: ${what}`);
}

/**
 * What a byte of an answer comes to: as it arrived, in one piece, as text, parsed, as labels, and as the text of an
 * answer. Measured with series of ten labels on Node 20.
 */
const HELD_FOR_EACH_BYTE = 11;

/**
 * Reads a body to its end and parses it.
 *
 * @throws PromfedError `upstream` when it is cut, too long, not JSON, an error, or has no `data`; what the memory throws, of which
 *   all that is made of the answer is taken until the request is over.
 */
export async function readMetadata(body: ResponseBody): Promise<MetadataEnvelope> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    body.memory.reserve('metadata', chunk.length * HELD_FOR_EACH_BYTE);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const page = excerpt(text, 100);
    throw new PromfedError('upstream', `the answer is not JSON: ${page === '' ? 'it is empty' : page}`, {
      cause,
    });
  }
  if (!isRecord(value)) throw wrongShape('not an object');
  if (value['status'] !== 'success') {
    const { error } = value as { error?: unknown };
    throw typeof error === 'string'
      ? new PromfedError('upstream', printable(error, MAX_TEXT_CHARS))
      : wrongShape('no status "success"');
  }
  if (value['data'] === undefined) throw wrongShape('no data');
  const warnings = strings(value['warnings'] ?? [], 'warnings').slice(0, MAX_WARNINGS);
  return {
    data: value['data'],
    warnings: warnings.map((warning) => printable(warning, MAX_TEXT_CHARS)),
    isPartial: value['isPartial'] === true,
  };
}

/** What is read of `data`, and how the answers of replicas become one. */
export interface MetadataKind<T> {
  /** @throws PromfedError `upstream` when the shape is wrong. */
  parse(data: unknown): T;
  /** The union, each thing once, an earlier answer's first. */
  unite(answers: readonly T[]): T;
}

export const SERIES: MetadataKind<readonly Labels[]> = {
  parse: (data) =>
    array(data, 'data').map((entry) => {
      const record = recordOf(entry, 'a series');
      return Labels.of(Object.entries(record).map(([name, value]) => [name, string(value, 'a label value')]));
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
        array(entries, 'the entries of a metric').map(parseMetricMetadata),
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

/** Members that a server leaves out are empty, as in Prometheus' own targets. */
function parseMetricMetadata(entry: unknown): MetricMetadata {
  const { type = '', help = '', unit = '' } = recordOf(entry, 'the metadata of a metric');
  return { type: string(type, 'type'), help: string(help, 'help'), unit: string(unit, 'unit') };
}

/** The union of the replicas' answers, with the warnings of each and of the ones that failed. */
export function uniteAnswers<T>(
  kind: MetadataKind<T>,
  answers: readonly MetadataAnswer<T>[],
  failed: readonly string[],
): MetadataAnswer<T> {
  const warnings = [...new Set([...answers.flatMap((answer) => answer.warnings), ...failed])];
  return { data: kind.unite(answers.map((answer) => answer.data)), warnings };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function recordOf(value: unknown, what: string): Record<string, unknown> {
  if (!isRecord(value)) throw wrongShape(`${what} is not an object`);
  return value;
}

function array(value: unknown, what: string): unknown[] {
  // Some servers answer an empty list as null.
  if (value === null) return [];
  if (!Array.isArray(value)) throw wrongShape(`${what} is not a list`);
  return value;
}

function strings(value: unknown, what: string): string[] {
  return array(value, what).map((entry) => string(entry, `an entry of ${what}`));
}

function string(value: unknown, what: string): string {
  if (typeof value !== 'string') throw wrongShape(`${what} is not a string`);
  return value;
}
