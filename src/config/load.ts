// Reads a configuration file: text to settings, or to the list of its problems.

import { open } from 'node:fs/promises';

import { appendAll, Labels } from '../model/index.js';
import { describeFileError, readTextFile, type ReadText } from '../runtime/index.js';
import { type FeatureSet, NO_FEATURES } from '../promql/language/index.js';
import { compareProblems, ConfigError, printProblem, type Problem } from './config-error.js';
import { hashOf } from './config-hash.js';
import { createShapeCheck, inertKeys } from './file/check.js';
import { decode } from './file/decode.js';
import { maskedYaml } from './file/masked-yaml.js';
import { type ConfigFile, configFileSchema } from './file/schema/config-file.js';
import { MAX_FILE_BYTES, parseYaml } from './file/yaml-document.js';
import { createServerGroups } from './groups/create-server-groups.js';
import { overlapWarnings } from './groups/overlap-warnings.js';
import { type RuleFileSystem, ruleFileSystem } from './rules/load-rule-files.js';
import { createRuleSections } from './rules/rule-sections.js';
import type { RuleSelection } from './rules/selected-rule-files.js';
import { SectionReader } from './section-reader.js';
import type { Settings } from './settings.js';

/** A valid configuration. */
export interface LoadedConfig {
  readonly settings: Settings;
  /** Warnings for the operator, `FILE:LINE:COLUMN: TEXT`, in the order of the file. */
  readonly warnings: readonly string[];
  /** The configuration as YAML, with defaults; secrets are `<secret>`. */
  readonly maskedYaml: string;
  /** 64 hexadecimal digits, equal for configurations with the same meaning. */
  readonly hash: string;
}

const checkShape = createShapeCheck(configFileSchema);

const TOO_LARGE = `file is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB`;

/** How a configuration is read. */
export interface ConfigOptions {
  /** Reads the files of credentials and certificates. */
  readonly readText?: ReadText;
  /** Finds and reads the rule files. */
  readonly ruleFiles?: RuleFileSystem;
  /** Experimental constructs of PromQL that rules may use. Default: none. */
  readonly features?: FeatureSet;
  /** Default: the rules of the configuration. */
  readonly rules?: RuleSelection | undefined;
}

/**
 * Loads a configuration file and its rule files.
 *
 * @throws ConfigError when a file is unreadable or invalid.
 */
export async function loadConfig(path: string, options: ConfigOptions = {}): Promise<LoadedConfig> {
  return parseConfig(await readConfigText(path), path, options);
}

async function readConfigText(path: string): Promise<string> {
  let bytes: Buffer | undefined;
  try {
    bytes = await tryReadFile(path);
  } catch (error) {
    return failFile(path, `cannot load the configuration: ${describeFileError(path, error)}`);
  }
  if (bytes === undefined) return failFile(path, TOO_LARGE);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return failFile(path, 'file is not valid UTF-8');
  }
}

/** Undefined for a file above the limit. Accepts a pipe such as /dev/stdin, so the size is that of the bytes read. */
async function tryReadFile(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_FILE_BYTES) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}

/** Throws a problem of the file as a whole. */
function failFile(file: string, text: string): never {
  throw new ConfigError(file, [{ position: undefined, text }]);
}

/**
 * Parses the text of a configuration file and loads its rule files. An empty text is a configuration without server
 * groups.
 *
 * @param file names the file in messages. Relative paths of rule files start at its directory.
 * @throws ConfigError with all problems of all files. No message quotes a secret.
 */
export function parseConfig(text: string, file: string, options: ConfigOptions = {}): LoadedConfig {
  const { readText = readTextFile, ruleFiles = ruleFileSystem, features = NO_FEATURES } = options;
  const { rules: selection } = options;
  if (text.length > MAX_FILE_BYTES) failFile(file, TOO_LARGE);
  const decoded = decode(parseYaml(text, file));
  const problems: Problem[] = [...decoded.problems];
  if (decoded.truncated) throw new ConfigError(file, problems);
  const shapeProblems = checkShape(decoded);
  appendAll(problems, shapeProblems);
  const warnings: Problem[] = inertKeys(decoded);
  const groups = createServerGroups(decoded, shapeProblems, readText, problems, warnings);
  const reader = new SectionReader(decoded, shapeProblems, readText, problems, warnings);
  const config = decoded.value as ConfigFile;
  const sections = createRuleSections(
    config,
    reader,
    { file, features, ruleFiles, selection },
    problems,
    warnings,
  );
  if (problems.length > 0) throw new ConfigError(file, problems);

  for (const { position, text } of overlapWarnings(groups)) {
    warnings.push({ position: decoded.positionOf(['promxy', 'server_groups', position]), text });
  }
  const settings: Settings = {
    ...sections,
    externalLabels: Labels.of(decoded.entriesOf(config.global?.external_labels ?? {})),
    serverGroups: groups,
  };
  return {
    settings,
    warnings: warnings.sort(compareProblems).map((warning) => printProblem(file, warning)),
    maskedYaml: maskedYaml(config),
    hash: hashOf(settings, config),
  };
}
