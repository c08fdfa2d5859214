// Every experimental feature of the language.

import { FEATURES, type FeatureSet } from '../../../src/promql/language/index.js';

export const ALL_FEATURES: FeatureSet = new Set(FEATURES);
