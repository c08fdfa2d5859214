export { createApp } from './app.js';
export { encodeAnswer } from './encode-answer.js';
export { encodeExplanation } from './encode-explanation.js';
