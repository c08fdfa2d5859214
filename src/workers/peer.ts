// Calls between two processes over a channel of messages: each side answers some and makes others.

import { PromfedError, type ErrorCode } from '../model/index.js';

/** The calls that one side answers, by name. Arguments and results can be cloned to another process. */
export type Calls<Names> = {
  readonly [Name in keyof Names]: { readonly argument: unknown; readonly result: unknown };
};

export type Answers<Ours extends Calls<Ours>> = {
  readonly [Name in keyof Ours]: (
    argument: Ours[Name]['argument'],
  ) => Ours[Name]['result'] | Promise<Ours[Name]['result']>;
};

/** One end of a channel. */
export interface Channel {
  /** `done` is told an error when the message cannot be sent. */
  send(message: object, done: (error: Error | null) => void): void;
  onMessage(listen: (message: unknown) => void): void;
  onClosed(listen: () => void): void;
}

export interface Peer<Theirs extends Calls<Theirs>> {
  /**
   * Asks the other side.
   *
   * @param limitMs left out to wait as long as the other side lives.
   * @throws PromfedError the other side's error.
   * @throws NoAnswer when the other side ended, or did not answer within the limit.
   */
  call<Name extends keyof Theirs & string>(
    name: Name,
    argument: Theirs[Name]['argument'],
    limitMs?: number,
  ): Promise<Theirs[Name]['result']>;
}

/** The other side of a channel did not answer; whether it did what it was asked is not known. */
export class NoAnswer extends PromfedError {
  constructor(message: string) {
    super('unavailable', message);
  }
}

interface Asked {
  readonly kind: 'call';
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answered {
  readonly kind: 'answer';
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

/** @param other how messages call the other side. */
export function createPeer<Ours extends Calls<Ours>, Theirs extends Calls<Theirs>>(
  channel: Channel,
  other: string,
  answers: Answers<Ours>,
): Peer<Theirs> {
  const waiting = new Map<number, (answer: Answered | NoAnswer) => void>();
  let lastId = 0;
  let isClosed = false;
  const gone = (): NoAnswer => new NoAnswer(`${other} ended before it answered`);

  channel.onMessage((message) => {
    const received = message as Asked | Answered;
    if (received.kind === 'answer') waiting.get(received.id)?.(received);
    else void answer(received);
  });
  channel.onClosed(() => {
    isClosed = true;
    for (const settle of waiting.values()) settle(gone());
  });

  async function answer({ id, name, argument }: Asked): Promise<void> {
    let reply: Answered;
    try {
      reply = { kind: 'answer', id, result: await answers[name as keyof Ours](argument) };
    } catch (thrown) {
      const code = thrown instanceof PromfedError ? thrown.code : 'internal';
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      reply = { kind: 'answer', id, error: { code, message } };
    }
    channel.send(reply, () => undefined); // whoever asked is gone, and needs no answer
  }

  return {
    call: (name, argument, limitMs) =>
      new Promise((resolve, reject) => {
        if (isClosed) {
          reject(gone());
          return;
        }
        const id = ++lastId;
        const settle = (answer: Answered | NoAnswer): void => {
          waiting.delete(id);
          clearTimeout(timer);
          if (answer instanceof NoAnswer) reject(answer);
          else if (answer.error === undefined) resolve(answer.result);
          else reject(new PromfedError(answer.error.code, answer.error.message));
        };
        const timer =
          limitMs === undefined
            ? undefined
            : setTimeout(() => {
                settle(new NoAnswer(`${other} did not answer within ${limitMs} ms`));
              }, limitMs);
        waiting.set(id, settle);
        channel.send({ kind: 'call', id, name, argument } satisfies Asked, (error) => {
          if (error !== null) settle(gone());
        });
      }),
  };
}
