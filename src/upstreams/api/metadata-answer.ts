// Reads and checks the responses of an upstream's metadata routes, element by element as they arrive.

import { DataFramer, invalidAnswer, keptTexts, type DataReceiver } from '../../json/index.js';
import { PromfedError } from '../../model/index.js';
import { type MemoryAccount, Pacer, SteppedReservation, UNCOUNTED_MEMORY } from '../../runtime/index.js';
import { excerpt, printable } from '../http/sanitize.js';
import type { ResponseBody } from '../http/response-body.js';
import type { Endpoint } from '../metrics.js';
import { regionError } from '../region-error.js';
import type { FetchContext, MetadataAnswer } from '../server-group.js';

/** Limit of the error of a response. */
const MAX_TEXT_CHARS = 4096;

/** Number of bytes that are read for the message about a response that is not JSON. */
const MAX_PAGE_BYTES = 4096;

/** Reads the `data` of one response. */
export interface MetadataReader<T> extends DataReceiver {
  /** Drops what is not needed of that which was received. Called after each chunk of the answer. */
  compact?(pacer: Pacer): Promise<void> | undefined;
  /** Returns what was received. @throws PromfedError `upstream` when its shape is wrong. */
  finish(pacer: Pacer): T | Promise<T>;
}

/** One kind of metadata. */
export interface MetadataKind<T> {
  /** Limit of one response in bytes, below that of all metadata. Default: that of all metadata. */
  readonly maxBytes?: number;
  /** @param hold counts what the reader keeps. */
  createReader(hold: SteppedReservation): MetadataReader<T>;
  /** Returns the union of the answers of replicas, in the order of the answers. */
  unite(answers: readonly T[], context: UniteContext): T | Promise<T>;
}

/** The means of a union: it runs in time slices, and accounts for what it creates. */
export interface UniteContext {
  readonly pacer: Pacer;
  readonly memory: MemoryAccount;
}

/** The metadata of one target. */
export interface TargetMetadata<T> extends MetadataAnswer<T> {
  /** True when some storage nodes of a VictoriaMetrics cluster did not answer. */
  readonly isPartial: boolean;
}

/**
 * Reads a body to its end. What is kept of it stays reserved until the request is over.
 *
 * @throws PromfedError `upstream` when the body is incomplete, too large, not JSON, nested too deeply, or has no `data`;
 *   the error of an error envelope (`regionError`); errors of the memory account, and of the signal when it aborts.
 */
export async function readMetadata<T>(
  body: ResponseBody,
  endpoint: Endpoint,
  kind: Pick<MetadataKind<T>, 'createReader'>,
  signal: FetchContext['signal'],
): Promise<TargetMetadata<T>> {
  const hold = new SteppedReservation(body.memory, 'metadata');
  const pacer = new Pacer(signal);
  try {
    const reader = kind.createReader(hold);
    const framer = new DataFramer(reader);
    for await (const chunk of body) {
      feed(framer, chunk);
      const compacting = reader.compact?.(pacer);
      if (compacting !== undefined) await compacting;
      if (pacer.due) await pacer.pause();
    }
    if (!framer.hasBegun) throw invalidAnswer('empty response');
    framer.end();
    const { warnings, isPartial } = checkEnvelope(framer, endpoint);
    return { data: await reader.finish(pacer), warnings, isPartial };
  } catch (thrown) {
    hold.release();
    // The size of one value is a limit of the response, not of the query.
    if (!(thrown instanceof PromfedError) || thrown.code !== 'limit') throw thrown;
    throw new PromfedError('upstream', thrown.message, { cause: thrown });
  }
}

function feed(framer: DataFramer, chunk: Uint8Array): void {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  try {
    framer.feed(bytes);
  } catch (thrown) {
    if (framer.hasBegun) throw thrown;
    const page = bytes.toString('utf8', 0, MAX_PAGE_BYTES);
    if (/^\s*\[/.test(page)) throw thrown;
    throw invalidAnswer(`not JSON: ${excerpt(page, 100)}`);
  }
}

/** Checks the members besides `data`. */
function checkEnvelope(
  { members, hasData }: DataFramer,
  endpoint: Endpoint,
): Pick<TargetMetadata<unknown>, 'warnings' | 'isPartial'> {
  if (members['status'] !== 'success') {
    const { error, errorType = '' } = members;
    if (typeof error !== 'string' || typeof errorType !== 'string') {
      throw invalidAnswer('the status is not "success"');
    }
    const text = printable(error, MAX_TEXT_CHARS);
    throw regionError({ endpoint, status: 200, errorType: excerpt(errorType, 100), text });
  }
  if (!hasData) throw invalidAnswer('the response has no data');
  const all = arrayOf(members['warnings'] ?? null, 'warnings');
  const warnings = keptTexts(all, 'warnings', (text, maxChars) =>
    printable(textOf(text, 'an entry of warnings'), maxChars),
  );
  return {
    warnings,
    isPartial: members['isPartial'] === true,
  };
}

/** Merges the answers of replicas. @param failureWarnings the warnings for replicas that failed. */
export async function uniteAnswers<T>(
  kind: MetadataKind<T>,
  answers: readonly MetadataAnswer<T>[],
  failureWarnings: readonly string[],
  { signal, memory = UNCOUNTED_MEMORY }: Pick<FetchContext, 'signal' | 'memory'>,
): Promise<MetadataAnswer<T>> {
  const warnings = [...new Set([...answers.flatMap((answer) => answer.warnings), ...failureWarnings])];
  const data = answers.map((answer) => answer.data);
  return { data: await kind.unite(data, { pacer: new Pacer(signal), memory }), warnings };
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

export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw invalidAnswer(`${name} is not a string`);
  return value;
}
