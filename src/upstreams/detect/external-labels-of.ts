// The external labels in the configuration of a Prometheus.

import { invalidAnswer } from '../../json/index.js';
import { Labels } from '../../model/index.js';
import { recordOf, textOf } from '../api/metadata-answer.js';

/** Returns the YAML of an answer to `/api/v1/status/config`. @throws PromfedError `upstream` when it has another shape. */
export function configText(data: unknown): string {
  return textOf(recordOf(data, 'data')['yaml'], 'the configuration');
}

/** Maximum size of the section. Parsing YAML takes thousands of times as long as reading it. */
const MAX_SECTION_CHARS = 64 << 10;

/** The section `global`: its first line, and the lines that are indented. */
const GLOBAL_LINE = /^global:/m;
const GLOBAL = /^global:[^\n]*\n(?:[ \t][^\n]*(?:\n|$)|\n)*/m;

/**
 * Reads `global.external_labels`. The rest of the configuration is not parsed: it may have megabytes of scrape jobs.
 *
 * @param yaml the configuration as Prometheus prints it.
 * @throws PromfedError `upstream` when the labels are invalid.
 */
export async function parseExternalLabels(yaml: string): Promise<Labels> {
  const start = yaml.search(GLOBAL_LINE);
  const [section = ''] =
    start < 0 ? [] : (GLOBAL.exec(yaml.slice(start, start + MAX_SECTION_CHARS + 1)) ?? []);
  if (section.length > MAX_SECTION_CHARS) {
    throw invalidAnswer(`the section global of the configuration exceeds ${MAX_SECTION_CHARS} characters`);
  }
  if (!section.includes('external_labels')) return Labels.EMPTY;
  const { parse } = await import('yaml');
  let document: unknown;
  try {
    // All scalars are texts.
    document = parse(section, { schema: 'failsafe' });
  } catch (cause) {
    throw invalidAnswer('the configuration is not YAML', { cause });
  }
  const labels = recordOf(recordOf(document, 'the configuration')['global'], 'global')['external_labels'];
  const entries = Object.entries(recordOf(labels ?? {}, 'external_labels'));
  return Labels.of(entries.map(([name, value]) => [name, textOf(value, 'an external label')]));
}
