// From a configuration file to settings, or to the list of everything that is wrong with it.

import { createHash, scryptSync } from 'node:crypto';
import { open } from 'node:fs/promises';

import { compareStrings, Labels } from '../model/index.js';
import { checkShape, inertKeys, type Path, type PathProblem } from './file/check.js';
import { ConfigError, placePrefix, type Problem } from './config-error.js';
import { decode, type Decoded, type DecodeSchema } from './file/decode.js';
import { parseDurationText } from './text/duration-text.js';
import { quote } from './file/formats.js';
import { maskedYaml } from './file/masked-yaml.js';
import { overlapWarnings } from './groups/overlap-warnings.js';
import { type ConfigFile, configFileSchema, type ServerGroupFile } from './file/schema.js';
import { describeFileError, readTextFile, type ReadText } from './groups/secret-file.js';
import { createServerGroupSettings } from './groups/server-group-settings.js';
import type { ServerGroupSettings, Settings } from './settings.js';
import { MAX_FILE_BYTES, parseYaml } from './file/yaml-document.js';

/** A configuration that can be run. */
export interface LoadedConfig {
  readonly settings: Settings;
  /** What its owner should know, each as `file:line:column: text`, in the file's order. */
  readonly warnings: readonly string[];
  /** The configuration as YAML, with its defaults, secrets shown as `<secret>`. */
  readonly maskedYaml: string;
  /**
   * 64 hexadecimal digits that are equal for configurations that mean the same (comments, formatting and the order
   * of keys do not count; credentials and the contents of the files that are named do).
   */
  readonly hash: string;
}

const DEFAULT_EVALUATION_INTERVAL_MS = 60_000;

/**
 * Reads a configuration file.
 *
 * @throws ConfigError when it cannot be read or used; its message has one line for each problem.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  return parseConfig(await readConfigText(path), path);
}

async function readConfigText(path: string): Promise<string> {
  const fail = (text: string): never => {
    throw new ConfigError(path, [{ place: undefined, text }]);
  };
  const tooLarge = `the file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`;
  let bytes: Buffer;
  try {
    const file = await open(path, 'r');
    try {
      // A pipe is fine (`--config=/dev/stdin`), so what counts is what is read, not what a directory entry says.
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MAX_FILE_BYTES) fail(tooLarge);
        chunks.push(chunk);
      }
      bytes = Buffer.concat(chunks);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return fail(`the configuration cannot be loaded: ${describeFileError(path, error)}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return fail('the file is not valid UTF-8');
  }
}

/**
 * Parses the text of a configuration file; `file` names it in messages. An empty text is a configuration without
 * server groups. Files that it names are read from the disk, unless `readText` does it differently.
 *
 * @throws ConfigError whose message has one line for each problem. No message quotes a secret.
 */
export function parseConfig(text: string, file: string, readText: ReadText = readTextFile): LoadedConfig {
  if (text.length > MAX_FILE_BYTES) {
    const reason = `the file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`;
    throw new ConfigError(file, [{ place: undefined, text: reason }]);
  }
  const decoded = decode(parseYaml(text, file), configFileSchema as DecodeSchema);
  const problems: Problem[] = [...decoded.problems];
  if (decoded.truncated) throw new ConfigError(file, problems);
  const shape = checkShape(decoded);
  problems.push(...shape);
  const warnings: Problem[] = inertKeys(decoded);
  const groups = createGroups(decoded, shape, readText, problems, warnings);
  if (problems.length > 0) throw new ConfigError(file, problems);

  const config = decoded.value as ConfigFile;
  for (const { position, text } of overlapWarnings(groups)) {
    warnings.push({ place: decoded.placeOf(['promxy', 'server_groups', position]), text });
  }
  const settings: Settings = {
    evaluationIntervalMs: evaluationIntervalMs(config),
    externalLabels: Labels.of(decoded.entriesOf(config.global?.external_labels ?? {})),
    serverGroups: groups,
  };
  return {
    settings,
    warnings: warnings
      .sort((a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0))
      .map((warning) => `${placePrefix(file, warning.place)}: ${warning.text}`),
    maskedYaml: maskedYaml(config),
    hash: hashOf(settings, config),
  };
}

/** The groups whose shape is right, so that everything that is wrong with a file is said at once. */
function createGroups(
  decoded: Decoded,
  shape: readonly PathProblem[],
  readText: ReadText,
  problems: Problem[],
  warnings: Problem[],
): ServerGroupSettings[] {
  const { promxy } = decoded.value as { readonly promxy?: { readonly server_groups?: unknown } };
  const written: unknown = promxy?.server_groups;
  if (!Array.isArray(written)) return [];
  const wrongGroups = new Set(
    shape
      .filter(({ path }) => path[0] === 'promxy' && path[1] === 'server_groups')
      .map(({ path }) => Number(path[2])),
  );
  const groups: ServerGroupSettings[] = [];
  const usedAt = new Map<string, number>();
  for (const [i, group] of (written as ServerGroupFile[]).entries()) {
    const base = ['promxy', 'server_groups', i];
    if (wrongGroups.has(i)) continue;
    const say = (list: Problem[]) => (path: Path, text: string) => {
      list.push({ place: decoded.placeOf([...base, ...path], 'key'), text });
    };
    const settings = createServerGroupSettings(group, {
      readText,
      problem: say(problems),
      warn: say(warnings),
      entriesOf: (map) => decoded.entriesOf(map),
    });
    const first = settings.name === '' ? undefined : usedAt.get(settings.name);
    if (first !== undefined) {
      const line = decoded.placeOf(['promxy', 'server_groups', first, 'name']).line;
      say(problems)(['name'], `the name ${quote(settings.name)} is given twice, first in line ${line}`);
    }
    usedAt.set(settings.name, i);
    groups.push(settings);
  }
  return nameGroups(groups);
}

/** Gives a name to every group without one, unlike every other. */
function nameGroups(groups: readonly ServerGroupSettings[]): ServerGroupSettings[] {
  const used = new Set(groups.map(({ name }) => name));
  const tried = new Map<string, number>();
  return groups.map((group) => {
    if (group.name !== '') return group;
    const values = [...group.labels].map(([, value]) => value).join('/');
    const base = (values === '' ? (group.targets[0] ?? '') : values).replace(/\p{Cc}/gu, ' ').slice(0, 200);
    let name = base;
    let i = tried.get(base) ?? 1;
    while (used.has(name)) name = `${base}#${++i}`;
    tried.set(base, i);
    used.add(name);
    return { ...group, name };
  });
}

/** Source: Prometheus, config/config.go: an interval of zero stands for the default. */
function evaluationIntervalMs(config: ConfigFile): number {
  const ms = parseDurationText(config.global?.evaluation_interval ?? '0');
  return ms === 0 ? DEFAULT_EVALUATION_INTERVAL_MS : Math.ceil(ms);
}

/** Fixed, because replicas with the same configuration must show the same hash. */
const SALT = 'promfed configuration';

function hashOf(settings: Settings, config: ConfigFile): string {
  // Sections that do nothing are shown, so a change of them is one.
  const sections = { ...config, global: {}, promxy: {} };
  const digest = createHash('sha256').update(canonicalJson({ settings, sections })).digest();
  // The hash is public and everything else in the configuration is too: a fast one would let anybody who sees it
  // try passwords against it.
  return scryptSync(digest, SALT, 32, { N: 2 ** 13, r: 8, p: 1 }).toString('hex');
}

/** JSON with the keys of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => compareStrings(a, b)));
  });
}
