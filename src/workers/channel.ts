// The channel of messages between the supervisor and a worker.

import type { ChildProcess } from 'node:child_process';

/** One end of a channel between two processes. Messages are structured clones. */
export interface Channel {
  /** Calls `onFailure` when the message cannot be sent. */
  send(message: object, onFailure: () => void): void;
  onMessage(listen: (message: unknown) => void): void;
  onClosed(listen: () => void): void;
}

/** @param end a worker's process in the supervisor, or the own process in a worker. */
export function channelOf(end: ChildProcess | NodeJS.Process): Channel {
  return {
    send: (message, onFailure) => {
      if (end.send === undefined || !end.connected) {
        onFailure();
        return;
      }
      end.send(message, undefined, undefined, (error) => {
        if (error !== null) onFailure();
      });
    },
    onMessage: (listen) => {
      end.on('message', listen);
    },
    onClosed: (listen) => {
      end.once('disconnect', listen);
    },
  };
}
