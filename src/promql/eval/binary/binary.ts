// Binary operations: both operands at once, then the operator that fits their types.

import { PromfedError } from '../../../model/index.js';
import type { BinaryNode } from '../../plan/index.js';

import { isSetOp } from './operators.js';
import { scalarScalar, vectorScalar } from './scalar-operator.js';
import type { Operand, Evaluator } from '../evaluator.js';
import { setOperator } from './set-operator.js';
import { vectorVector } from './vector-operator.js';

export async function evalBinary(evaluator: Evaluator, node: BinaryNode): Promise<Operand> {
  const [lhs, rhs] = await Promise.all([evaluator.evaluate(node.lhs), evaluator.evaluate(node.rhs)]);
  if (lhs.type === 'scalar') {
    if (rhs.type === 'scalar') return scalarScalar(evaluator, node, lhs, rhs);
    if (rhs.type === 'vector') return vectorScalar(evaluator, node, rhs, lhs, true);
  }
  if (lhs.type === 'vector') {
    if (rhs.type === 'scalar') return vectorScalar(evaluator, node, lhs, rhs, false);
    if (rhs.type === 'vector' && node.matching !== undefined) {
      return isSetOp(node.op)
        ? setOperator(evaluator, node.op, node.matching, lhs, rhs)
        : vectorVector(evaluator, node, node.matching, lhs, rhs);
    }
  }
  throw new PromfedError('internal', `the operator ${node.op} was given a ${lhs.type} and a ${rhs.type}`);
}
