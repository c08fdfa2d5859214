// The form of the template tables. Expected texts come from a real Prometheus: test/real-servers/templates.test.ts
// compares both.

/** A template and its result: one of `expected`, `error` and `parseError`. */
export interface TemplateCase {
  readonly template: string;
  /** The alert's value; default 1.5. */
  readonly value?: number;
  readonly expected?: string;
  /** Error of the expansion, after `error executing template __alert_T: `. */
  readonly error?: string;
  readonly parseError?: string;
  /** True when the template needs Prometheus 3.14: older versions lack a function. */
  readonly isNew?: true;
}

export interface TemplateGroup {
  readonly name: string;
  readonly cases: readonly TemplateCase[];
}

/** Stands in templates for a query with two samples: `TWO_SAMPLES`. */
export const TWO = 'TWO';

export const TWO_SAMPLES = 'label_replace(vector(2),"a","y","","") or label_replace(vector(1),"a","x","","")';

/** Labels of the alert's series. */
export const LABELS = { instance: 'host.example.com:9090', job: 'api', special: "<b>&'x" } as const;

export const EXTERNAL_LABELS = { region: 'eu' } as const;

export const EXTERNAL_URL = 'http://prom.example/path/prefix';

/** Name of the template, as Prometheus names those of the alert T. */
export const NAME = '__alert_T';
