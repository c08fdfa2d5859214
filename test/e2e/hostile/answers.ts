// Answers of regions that several cases use.

import { listText, sendPieces, timeOf, type RegionAnswer } from '../../helpers/hostile/hostile-regions.js';

/** Series of one sample now, each with the labels that `labels` returns. */
export function vectorOf(count: number, labels: (index: number) => string): RegionAnswer {
  return (response, request) => {
    const at = timeOf(request);
    const head = '{"status":"success","data":{"resultType":"vector","result":[';
    const item = (index: number): string => `{"metric":{${labels(index)}},"value":[${at},"1"]}`;
    sendPieces(response, listText(head, count, item, ']}}'));
  };
}
