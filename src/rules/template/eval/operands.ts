// The part of the evaluator that calls need: it evaluates their arguments.

import type {
  ChainNode,
  FieldNode,
  IdentifierNode,
  Node,
  OperandNode,
  PipeNode,
  VariableNode,
} from '../language/nodes.js';
import type { Value } from '../values/value.js';

/** Arguments start with the called node itself; undefined without arguments. */
type Args = readonly OperandNode[] | undefined;

/** Evaluates operands. `final` is the result of the previous command of a pipeline. */
export interface Operands {
  /** Marks the node that errors show. */
  at(node: Node): void;
  field(dot: Value, node: FieldNode, args: Args, final: Value | undefined): Value;
  variable(dot: Value, node: VariableNode, args: Args, final: Value | undefined): Value;
  chain(dot: Value, node: ChainNode, args: Args, final: Value | undefined): Value;
  pipeline(dot: Value, node: PipeNode): Value;
  callFunction(
    dot: Value,
    identifier: IdentifierNode,
    node: Node,
    args: Args,
    final: Value | undefined,
  ): Value;
  constant(dot: Value, node: OperandNode): Value;
}
