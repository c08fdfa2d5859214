// Go's template language with Prometheus' functions, for labels and annotations of alerting rules.

export {
  type ExpandOptions,
  expandTemplate,
  parseTemplate,
  type TemplateData,
  type TemplateSample,
} from './template.js';
export { tableLink } from './functions/escape.js';
