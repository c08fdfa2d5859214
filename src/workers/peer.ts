// Calls between the supervisor and a worker: birpc over the channel of messages between the two processes.

import { createBirpc } from 'birpc';

import { asPromfedError, PromfedError, type ErrorCode } from '../model/index.js';
import { startTimer } from '../runtime/index.js';
import type { Channel } from './channel.js';

/** The functions of one side, which the other side calls. */
export type Functions<Names> = {
  readonly [Name in keyof Names]: (argument: never) => unknown;
};

export interface Peer<Remote extends Functions<Remote>> {
  /**
   * Calls a function of the other side.
   *
   * @param limitMs maximum wait. Default: until the other side ends.
   * @throws PromfedError the error of the function, with its code.
   * @throws NoAnswer when the other side ended, or did not answer within the limit.
   */
  call<Name extends keyof Remote & string>(
    name: Name,
    argument: Parameters<Remote[Name]>[0],
    limitMs?: number,
  ): Promise<Awaited<ReturnType<Remote[Name]>>>;
  /** Calls a function without an answer. The message is written before this returns, if the other side reads. */
  notify<Name extends keyof Remote & string>(name: Name, argument: Parameters<Remote[Name]>[0]): void;
}

/** The error of a call that was not answered. The other side may have run the function. */
export class NoAnswer extends PromfedError {
  constructor(message: string) {
    super('unavailable', message);
  }
}

/** @param other the other side's name in errors. */
export function createPeer<Remote extends Functions<Remote>, Local extends Functions<Local>>(
  channel: Channel,
  other: string,
  functions: Local,
): Peer<Remote> {
  const ended = (): NoAnswer => new NoAnswer(`${other} ended before it answered`);
  const close = (): void => {
    rpc.$close(ended());
  };
  const rpc = createBirpc<Record<string, (argument: unknown) => unknown>, Local, false>(functions, {
    // Returns at once: birpc leaves the rejection of a call unhandled while `post` waits.
    post: (message: object) => {
      channel.send(message, close);
    },
    on: (listen) => {
      channel.onMessage(listen);
    },
    serialize: encodeError,
    deserialize: decodeError,
    bind: 'functions',
    proxify: false,
    // Each call has its own limit.
    timeout: -1,
  });
  channel.onClosed(close);

  return {
    notify(name, argument) {
      rpc.$callEvent(name, argument).catch(() => undefined); // the other side has ended
    },
    async call<Name extends keyof Remote & string>(
      name: Name,
      argument: Parameters<Remote[Name]>[0],
      limitMs?: number,
    ): Promise<Awaited<ReturnType<Remote[Name]>>> {
      if (rpc.$closed) throw ended();
      const answer = rpc.$call(name, argument) as Promise<Awaited<ReturnType<Remote[Name]>>>;
      if (limitMs === undefined) return answer;
      let cancel!: () => void;
      const limit = new Promise<never>((_resolve, reject) => {
        cancel = startTimer(limitMs, () => {
          reject(new NoAnswer(`${other} did not answer within ${limitMs} ms`));
        });
      });
      return Promise.race([answer, limit]).finally(() => {
        cancel();
      });
    },
  };
}

/** A message of birpc. `e` is the error of an answer. */
interface Message {
  readonly e?: unknown;
}

interface EncodedError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** Replaces the error of an answer by its code and message: a structured clone of an error has no code. */
function encodeError(message: Message): Message {
  const { e: error } = message;
  if (error === undefined) return message;
  const { code, message: text } = asPromfedError(error);
  return { ...message, e: { code, message: text } satisfies EncodedError };
}

function decodeError(message: Message): Message {
  if (message.e === undefined) return message;
  const { code, message: text } = message.e as EncodedError;
  return { ...message, e: new PromfedError(code, text) };
}
