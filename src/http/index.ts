export { createApp } from './app.js';
export { encodeAnswer } from './reply/encode-answer.js';
export { encodeExplanation } from './reply/encode-explanation.js';
