export {
  demoConfig,
  startDemoRegions,
  type Demo,
  type DemoQuery,
  type DemoRegion,
} from './start-demo-regions.js';
