import { PromfedError } from '../../../model/index.js';
import { isSetOperator } from '../../language/index.js';
import type { BinaryNode } from '../../plan/index.js';

import type { Operand, Evaluator } from '../evaluator.js';
import { evalSetOperator } from './set-operator.js';
import { evalScalarScalar, evalVectorScalar } from './vector-scalar.js';
import { evalVectorVector } from './vector-vector.js';

/** Evaluates a binary operation. Both operands are evaluated concurrently. */
export async function evalBinary(evaluator: Evaluator, node: BinaryNode): Promise<Operand> {
  const [lhs, rhs] = await Promise.all([evaluator.evaluate(node.lhs), evaluator.evaluate(node.rhs)]);
  if (lhs.type === 'scalar') {
    if (rhs.type === 'scalar') return evalScalarScalar(evaluator, node, lhs, rhs);
    if (rhs.type === 'vector') return evalVectorScalar(evaluator, node, rhs, lhs, true);
  }
  if (lhs.type === 'vector') {
    if (rhs.type === 'scalar') return evalVectorScalar(evaluator, node, lhs, rhs, false);
    if (rhs.type === 'vector' && node.matching !== undefined) {
      return isSetOperator(node.op)
        ? evalSetOperator(evaluator, node.op, node.matching, lhs, rhs)
        : evalVectorVector(evaluator, node, node.matching, lhs, rhs);
    }
  }
  throw new PromfedError('internal', `unexpected operands of ${node.op}: ${lhs.type} and ${rhs.type}`);
}
