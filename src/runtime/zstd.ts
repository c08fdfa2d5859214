// The zstd functions of node:zlib, which Node.js has from 22.15 and 23.8 on.

import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

export interface ZstdOptions {
  readonly chunkSize: number;
  /** Values by the number of the parameter, as in `constants`. */
  readonly params: Readonly<Record<number, number>>;
}

interface Zstd {
  readonly constants: {
    readonly ZSTD_c_compressionLevel: number;
    readonly ZSTD_d_windowLogMax: number;
    readonly ZSTD_e_flush: number;
  };
  createZstdCompress(options: ZstdOptions): Transform & zlib.Zlib;
  createZstdDecompress(options: ZstdOptions): Transform;
  zstdCompress(
    input: Uint8Array,
    options: ZstdOptions,
    done: (error: Error | null, output: Buffer) => void,
  ): void;
}

/** Undefined where the runtime has no zstd. The types of the oldest supported runtime do not declare it. */
export const zstd: Zstd | undefined = 'createZstdCompress' in zlib ? (zlib as unknown as Zstd) : undefined;
