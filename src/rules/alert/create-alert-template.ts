// Templates of alerting rules over the query engine.

import { asPromfedError, type Labels, type StopSignal } from '../../model/index.js';
import type { QueryEngine } from '../../federation/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { Log } from '../../runtime/index.js';
import { createEngineQuery } from '../query/engine-query.js';
import { expandTemplate, parseTemplate } from '../template/index.js';
import type { AlertTemplate } from './alert-template.js';

export interface AlertTemplatesOptions {
  /** Returns the engine that answers the queries of templates. */
  readonly engine: () => QueryEngine;
  readonly features: FeatureSet;
  readonly queryTimeoutMs: number;
  readonly externalLabels: Labels;
  /** Without a slash at its end; empty when it is not known. */
  readonly externalUrl: string;
  /** Aborts the queries. */
  readonly signal: StopSignal;
  readonly log: Log;
}

/** Parses the value of a label or an annotation of a rule. @throws PromfedError `bad_data` when it is invalid. */
export type CreateAlertTemplate = (ruleName: string, name: string, text: string) => AlertTemplate;

export function createAlertTemplates(options: AlertTemplatesOptions): CreateAlertTemplate {
  const { engine, features, queryTimeoutMs, externalLabels, externalUrl, signal, log } = options;
  const pathPrefix = externalUrl === '' ? '' : new URL(externalUrl).pathname.replace(/\/$/, '');
  return (ruleName, name, text) => {
    if (!text.includes('{{')) return { name, expand: () => text };
    const template = parseTemplate(text, `__alert_${ruleName}`);
    return {
      name,
      async expand({ labels, sample, timeMs, isPartial, chained }) {
        const data = { labels, externalLabels, externalUrl, value: sample.value, isPartial };
        const query = async (expr: string) => {
          const run = createEngineQuery(expr, { features, timeoutMs: queryTimeoutMs, signal });
          return (await run(engine(), timeMs, { chained })).samples;
        };
        try {
          return await expandTemplate(template, data, { query, pathPrefix, nowMs: timeMs });
        } catch (thrown) {
          const { message } = asPromfedError(thrown);
          log.warn({ alert: ruleName, name, err: message }, 'alert template not expanded');
          return `<error expanding template: ${message}>`; // Prometheus' text
        }
      },
    };
  };
}
