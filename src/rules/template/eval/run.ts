// State of one evaluation that all its parts share: output, limits and the position of errors.

import { PromfedError } from '../../../model/index.js';
import { quoteString } from '../format/quote.js';
import { type Node, printNode } from '../language/nodes.js';
import { CHARS_PER_STEP, checkTextLength, MAX_DEPTH, MAX_STEPS } from '../limits.js';

/** The steps that all evaluations of one expansion took together. */
export class StepCounter {
  #steps = 0;

  /** @throws PromfedError `limit` when the expansion is too expensive. */
  spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) {
      throw new PromfedError('limit', `template exceeds the limit of ${MAX_STEPS} evaluation steps`);
    }
  }
}

export class Run {
  readonly #steps: StepCounter;
  readonly #source: string;
  readonly #mainName: string;
  readonly #output: string[] = [];
  #length = 0;
  #depth = 0;
  /** Name of the template that is evaluated. */
  templateName: string;
  /** The node that errors show. */
  node: Node | undefined;

  constructor(mainName: string, source: string, steps: StepCounter) {
    this.#mainName = mainName;
    this.#source = source;
    this.#steps = steps;
    this.templateName = mainName;
  }

  /** The text written until now. */
  get output(): string {
    return this.#output.join('');
  }

  write(text: string): void {
    this.#output.push(text);
    this.#length += text.length;
    checkTextLength(this.#length);
    this.spendText(text);
  }

  spend(steps: number): void {
    this.#steps.spend(steps);
  }

  /** Counts the work on a text. */
  spendText(text: string): void {
    this.#steps.spend(text.length / CHARS_PER_STEP);
  }

  /** Enters a template, a block or parentheses; `leave` leaves it. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) this.fail(`exceeded maximum template depth (${MAX_DEPTH})`);
  }

  leave(): void {
    this.#depth--;
  }

  /** Throws with Go's text. */
  fail(text: string): never {
    const name = quoteString(this.templateName);
    const { node } = this;
    if (node === undefined) throw new PromfedError('execution', `template: ${this.templateName}: ${text}`);
    const before = this.#source.slice(0, node.pos);
    const line = before.split('\n').length;
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
    const location = `${this.#mainName}:${line}:${column}`;
    throw new PromfedError(
      'execution',
      `template: ${location}: executing ${name} at <${printNode(node)}>: ${text}`,
    );
  }
}
