// Binary operations: both operands at once, then the operator that fits their types.

import { PromfedError } from '../../../model/index.js';
import type { BinaryNode } from '../../plan/index.js';

import { isSetOp } from './operators.js';
import { scalarScalar, vectorScalar } from './scalar-operator.js';
import type { Operand, Scope } from '../scope.js';
import { setOperator } from './set-operator.js';
import { vectorVector } from './vector-operator.js';

export async function evalBinary(scope: Scope, node: BinaryNode): Promise<Operand> {
  const [lhs, rhs] = await Promise.all([scope.evaluate(node.lhs), scope.evaluate(node.rhs)]);
  if (lhs.type === 'scalar') {
    if (rhs.type === 'scalar') return scalarScalar(scope, node, lhs, rhs);
    if (rhs.type === 'vector') return vectorScalar(scope, node, rhs, lhs, true);
  }
  if (lhs.type === 'vector') {
    if (rhs.type === 'scalar') return vectorScalar(scope, node, lhs, rhs, false);
    if (rhs.type === 'vector' && node.matching !== undefined) {
      return isSetOp(node.op)
        ? setOperator(scope, node.op, node.matching, lhs, rhs)
        : vectorVector(scope, node, node.matching, lhs, rhs);
    }
  }
  throw new PromfedError('internal', `the operator ${node.op} was given a ${lhs.type} and a ${rhs.type}`);
}
