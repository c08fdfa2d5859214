import { parseTemplate } from '../../rules/template/index.js';
import type { CheckTemplate } from './parse-rule-file.js';

/** Checks the template of a label or an annotation. */
export const checkTemplate: CheckTemplate = (text, name) => {
  parseTemplate(text, name);
};
