export { CLOSE_BRACKET, COMMA, holdsAt, OPEN_BRACKET, QUOTE } from './byte.js';
export { accounted, decodeLossyColumn, decodeLossyRaw } from './decode/decode-lossy.js';
export { countSamples, decodeColumn, decodeRaw, decodeRawPaced } from './decode/decode.js';
export { LossyHistograms, lossyHistogramsWarning } from './decode/lossy-histograms.js';
export { SampleReader } from './decode/sample-reader.js';
export {
  EMPTY_TRAILER,
  unionTrailers,
  type ResponseTrailer,
  type ResultType,
  type SeriesFrame,
} from './frame.js';
export { DataFramer, type DataReceiver } from './read/data-framer.js';
export { LabelsParser, unescape } from './read/labels-parser.js';
export { openResponse, type OpenResponse } from './read/open-response.js';
export { keptTexts } from './read/kept-texts.js';
export { parsePaced, parseSmall } from './read/paced-json.js';
export { invalidAnswer, UpstreamAnswerError } from './read/upstream-answer-error.js';
export { type BufferedAnswer, BufferedStream } from './stream/buffered-answer.js';
export { DeferredFrames, GeneratedFrames, transformFrames, type FrameStream } from './stream/frame-stream.js';
export { GeneratedStream, type ByteStream, type PullStream } from './stream/pull-stream.js';
export { encodeFrames, encodeBuffered } from './write/encode-frames.js';
export { annotationMembers, SUCCESS } from './write/envelope.js';
export {
  encodeItems,
  encodeTexts,
  LABELS_ITEMS,
  STRING_ITEMS,
  textItems,
  type ItemWriter,
} from './write/encode-items.js';
export { encodeValue, type EncodeOptions } from './write/encode-value.js';
