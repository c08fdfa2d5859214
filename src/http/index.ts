export { createApp } from './app.js';
export { encodeAnswer } from './encode-answer.js';
