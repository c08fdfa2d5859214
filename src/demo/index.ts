export {
  type Demo,
  demoConfig,
  type DemoQuery,
  type DemoRegion,
  startDemoRegions,
} from './start-demo-regions.js';
