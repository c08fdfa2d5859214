export { createApp, type AppContext } from './app.js';
