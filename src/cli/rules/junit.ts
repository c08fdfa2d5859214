// Results of unit tests as JUnit XML. Source: Prometheus, util/junitxml, with the escapes of Go's encoding/xml.

/** The results of one file. */
export interface JunitSuite {
  readonly name: string;
  /** Local time without a zone; empty when the file could not be read. */
  readonly timestamp: string;
  /** The reason why the file could not be read; undefined when its tests ran. */
  readonly error: string | undefined;
  readonly cases: readonly { readonly name: string; readonly failures: readonly string[] }[];
}

export function junitXml(suites: readonly JunitSuite[]): string {
  return `<testsuites>${suites.map(suiteXml).join('')}</testsuites>`;
}

function suiteXml({ name, timestamp, error, cases }: JunitSuite): string {
  const failures = cases.reduce((sum, one) => sum + one.failures.length, 0);
  const attributes = [
    ['name', name],
    ['tests', String(error === undefined ? cases.length : 1)],
    ['failures', String(failures)],
    ['errors', error === undefined ? '0' : '1'],
    ['skipped', '0'],
    ['timestamp', timestamp],
  ] as const;
  const tests =
    error === undefined
      ? cases.map((one) => caseXml(one.name, one.failures.map((text) => element('failure', text)).join('')))
      : [caseXml('unknown', element('error', error))];
  const printed = attributes.map(([key, value]) => ` ${key}="${escape(value)}"`).join('');
  return `<testsuite${printed}>${tests.join('')}</testsuite>`;
}

function caseXml(name: string, content: string): string {
  return `<testcase name="${escape(name)}">${content}</testcase>`;
}

function element(name: string, text: string): string {
  return `<${name}>${escape(text)}</${name}>`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};

/** Characters that XML does not have become U+FFFD. */
function escape(text: string): string {
  return text
    .replace(/["'&<>\t\n\r]/g, (character) => ESCAPES[character]!)
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (character) =>
      character >= '\u007f' && character <= '\u009f' ? character : '\ufffd',
    );
}
