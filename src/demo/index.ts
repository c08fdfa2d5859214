export {
  demoConfig,
  startDemoRegions,
  type Demo,
  type DemoOptions,
  type DemoQuery,
  type DemoRegion,
} from './start-demo-regions.js';
