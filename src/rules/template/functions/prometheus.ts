// Functions of Prometheus. Source: Prometheus, template/template.go.

import { compareStrings } from '../../../model/index.js';
import { CHARS_PER_STEP } from '../limits.js';
import { timeText } from '../values/time.js';
import {
  bool,
  EMPTY_STRING,
  float,
  int,
  type ListValue,
  pointer,
  SAMPLE,
  string,
  type StructValue,
  type Value,
} from '../values/value.js';
import { durationSeconds } from './duration.js';
import { escapeQuery, tableLink } from './escape.js';
import { type CallContext, CallError, type GoFunction, textOf } from './function.js';
import { stripDomain, stripPort } from './hosts.js';
import {
  fourDigits,
  humanize,
  humanize1024,
  humanizeDuration,
  humanizePercentage,
  timeOf,
  toFloat,
  toInt64,
} from './humanize.js';
import { toLower, toTitle, toUpper } from './letters.js';
import { matches, replaceAll } from './regex.js';

/** A function of one string. */
function ofText(convert: (text: string) => string): GoFunction {
  return { parameters: ['string'], call: ([text]) => string(convert(textOf(text))) };
}

/** A function of one number, or of the text of one. */
function ofNumber(convert: (value: number) => string): GoFunction {
  return { parameters: ['interface {}'], call: ([value]) => string(convert(toFloat(value!))) };
}

function constant(read: (context: CallContext) => Value): GoFunction {
  return { parameters: [], call: (_, context) => read(context) };
}

function itemsOf(value: Value | undefined): ListValue['items'] {
  return value?.kind === 'list' ? value.items : [];
}

function sampleOf(value: Value | undefined): StructValue {
  if (value?.kind === 'pointer' && value.to?.kind === 'struct' && value.to.type === SAMPLE) return value.to;
  throw new CallError('runtime error: invalid memory address or nil pointer dereference');
}

function labelOf(sample: Value | undefined, name: string): Value {
  const labels = sampleOf(sample).fields.get('Labels');
  return (labels?.kind === 'map' ? labels.entries.get(name) : undefined) ?? EMPTY_STRING;
}

function sortByLabel([label, value]: readonly Value[]): Value {
  const name = textOf(label);
  const items = itemsOf(value)
    .map((sample) => ({ sample, key: textOf(labelOf(sample, name)) }))
    .sort((a, b) => compareStrings(a.key, b.key))
    .map(({ sample }) => sample);
  return { kind: 'list', items, isNil: false };
}

function args(values: readonly Value[]): Value {
  const entries = new Map(values.map((value, i) => [`arg${i}`, value]));
  return { kind: 'map', element: 'interface {}', entries };
}

function humanizeTimestamp(value: number): string {
  return Number.isFinite(value) ? timeText(timeOf(value)) : fourDigits(value);
}

/** Counts the work of a regular expression. */
function spendOn(context: CallContext, pattern: string, text: string): void {
  context.spend((text.length * (pattern.length + 1)) / CHARS_PER_STEP);
}

function first([list]: readonly Value[]): Value {
  const [sample] = itemsOf(list);
  if (sample === undefined) throw new CallError('first() called on vector with no elements');
  return sample;
}

function reReplaceAll(texts: readonly Value[], context: CallContext): Value {
  const [pattern, replacement, text] = texts.map(textOf) as [string, string, string];
  spendOn(context, pattern, text);
  return string(replaceAll(pattern, replacement, text));
}

function match(texts: readonly Value[], context: CallContext): Value {
  const [pattern, text] = texts.map(textOf) as [string, string];
  spendOn(context, pattern, text);
  return bool(matches(pattern, text));
}

export const PROMETHEUS_FUNCTIONS: readonly (readonly [string, GoFunction])[] = [
  ['query', { parameters: ['string'], call: ([expr], context) => context.query(textOf(expr)) }],
  ['first', { parameters: ['template.queryResult'], call: first }],
  [
    'label',
    { parameters: ['string', '*template.sample'], call: ([name, sample]) => labelOf(sample, textOf(name)) },
  ],
  ['value', { parameters: ['*template.sample'], call: ([sample]) => sampleOf(sample).fields.get('Value')! }],
  ['strvalue', { parameters: ['*template.sample'], call: ([sample]) => labelOf(sample, '__value__') }],
  ['args', { parameters: [], variadic: 'interface {}', call: args }],
  ['reReplaceAll', { parameters: ['string', 'string', 'string'], call: reReplaceAll }],
  [
    'safeHtml',
    {
      parameters: ['string'],
      call: ([text]) => ({ kind: 'string', type: 'template.HTML', value: textOf(text) }),
    },
  ],
  ['match', { parameters: ['string', 'string'], call: match }],
  ['title', ofText(toTitle)],
  ['toUpper', ofText(toUpper)],
  ['toLower', ofText(toLower)],
  ['graphLink', ofText((expr) => `/graph?g0.expr=${escapeQuery(expr)}&g0.tab=0`)],
  ['tableLink', ofText(tableLink)],
  ['sortByLabel', { parameters: ['string', 'template.queryResult'], call: sortByLabel }],
  ['stripPort', ofText(stripPort)],
  ['stripDomain', ofText(stripDomain)],
  ['humanize', ofNumber(humanize)],
  ['humanize1024', ofNumber(humanize1024)],
  ['humanizeDuration', ofNumber(humanizeDuration)],
  ['humanizePercentage', ofNumber(humanizePercentage)],
  ['humanizeTimestamp', ofNumber(humanizeTimestamp)],
  [
    'toTime',
    {
      parameters: ['interface {}'],
      call: ([value]) => pointer({ kind: 'time', ns: timeOf(toFloat(value!)) }),
    },
  ],
  [
    'toDuration',
    {
      parameters: ['interface {}'],
      call: ([value]) => pointer(int(toInt64(toFloat(value!) * 1e9), 'time.Duration')),
    },
  ],
  ['now', constant(({ nowMs }) => float(nowMs / 1000))],
  ['pathPrefix', constant(({ pathPrefix }) => string(pathPrefix))],
  ['externalURL', constant(({ externalUrl }) => string(externalUrl))],
  ['parseDuration', { parameters: ['string'], call: ([text]) => float(durationSeconds(textOf(text))) }],
  ['urlQueryEscape', ofText(escapeQuery)],
];
