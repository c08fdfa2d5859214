// Calls of functions and methods: their arguments and errors. Source: Go, text/template/exec.go (`evalCall`, `evalArg`).

import { type CallContext, CallError, type GoFunction, type ParameterType } from '../functions/function.js';
import { type Node, type OperandNode, printNode } from '../language/nodes.js';
import { indirect, int, INVALID, isTrue, string, typeName, type Value } from '../values/value.js';
import { convert, tryNil } from './conversion.js';
import type { Operands } from './operands.js';
import type { Run } from './run.js';

/** The name and the node that errors of a call show. */
interface Callee {
  readonly name: string;
  readonly node: Node;
  /** False for methods, whose names mean nothing special. */
  readonly isBuiltin: boolean;
}

export class Calls {
  readonly #run: Run;
  readonly #context: CallContext;
  readonly #operands: Operands;

  constructor(run: Run, context: CallContext, operands: Operands) {
    this.#run = run;
    this.#context = context;
    this.#operands = operands;
  }

  /**
   * Calls a function.
   *
   * @param args the function and its arguments, as in the source; undefined without arguments.
   * @param final a further argument: the result of the previous command.
   */
  call(
    dot: Value,
    called: GoFunction,
    callee: Callee,
    args: readonly OperandNode[] | undefined,
    final: Value | undefined,
  ): Value {
    const nodes = args?.slice(1) ?? [];
    this.#checkCount(called, callee.name, nodes.length, final);
    if (callee.isBuiltin && (callee.name === 'and' || callee.name === 'or')) {
      return this.#shortCircuit(dot, callee.name, nodes, final);
    }
    const values = nodes.map((node, i) => this.#argument(dot, typeAt(called, i), node));
    if (final !== undefined) values.push(this.#converted(final, typeAt(called, values.length)));
    for (const value of values) if (value.kind === 'string') this.#run.spendText(value.value);
    try {
      if (callee.isBuiltin && callee.name === 'call') return callValue(nodes, values);
      const result = called.call(values, this.#context);
      if (result.kind === 'string') this.#run.spendText(result.value);
      return result;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      this.#operands.at(callee.node);
      return this.#run.fail(`error calling ${callee.name}: ${error.message}`);
    }
  }

  #checkCount(called: GoFunction, name: string, nodes: number, final: Value | undefined): void {
    const { parameters, variadic, results = 1 } = called;
    const count = nodes + (final === undefined ? 0 : 1);
    if (variadic === undefined && count !== parameters.length) {
      this.#run.fail(`wrong number of args for ${name}: want ${parameters.length} got ${count}`);
    }
    if (count < parameters.length) {
      this.#run.fail(`wrong number of args for ${name}: want at least ${parameters.length} got ${nodes}`);
    }
    if (results !== 1) {
      this.#run.fail(
        results === 2
          ? `invalid function signature for ${name}: second return value should be error; is int`
          : `function ${name} has ${results} return values; should be 1 or 2`,
      );
    }
  }

  /** Evaluates arguments until one decides. */
  #shortCircuit(
    dot: Value,
    name: 'and' | 'or',
    nodes: readonly OperandNode[],
    final: Value | undefined,
  ): Value {
    let value: Value = INVALID;
    for (const node of nodes) {
      value = this.#argument(dot, 'reflect.Value', node);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final ?? value;
  }

  /** Evaluates an argument of any type. */
  untypedArgument(dot: Value, node: OperandNode): Value {
    this.#operands.at(node);
    return this.#tryComposite(dot, node) ?? this.#operands.constant(dot, node);
  }

  #argument(dot: Value, type: ParameterType, node: OperandNode): Value {
    this.#operands.at(node);
    if (node.kind === 'nil') {
      return tryNil(type) ?? this.#run.fail(`cannot assign nil to ${type}`);
    }
    const value = node.kind === 'dot' ? dot : this.#tryComposite(dot, node);
    if (value !== undefined) return this.#converted(value, type);
    return this.#literal(dot, type, node);
  }

  /** Evaluates a node that is not a literal. */
  #tryComposite(dot: Value, node: OperandNode): Value | undefined {
    const { kind } = node;
    if (kind === 'field') return this.#operands.field(dot, node, [node], undefined);
    if (kind === 'variable') return this.#operands.variable(dot, node, undefined, undefined);
    if (kind === 'pipe') return this.#operands.pipeline(dot, node);
    if (kind === 'identifier') return this.#operands.callFunction(dot, node, node, undefined, undefined);
    return kind === 'chain' ? this.#operands.chain(dot, node, undefined, undefined) : undefined;
  }

  /** Converts a literal by the type of the parameter. */
  #literal(dot: Value, type: ParameterType, node: OperandNode): Value {
    if (type === 'interface {}' || type === 'reflect.Value') return this.#operands.constant(dot, node);
    if (type === 'string') {
      if (node.kind === 'string') return string(node.text);
      return this.#run.fail(`expected string; found ${printNode(node)}`);
    }
    if (type === 'int' || type === 'time.Duration') {
      if (node.kind === 'number' && node.constant.int !== undefined) return int(node.constant.int, type);
      return this.#run.fail(`expected integer; found ${printNode(node)}`);
    }
    return this.#run.fail(`can't handle ${printNode(node)} for arg of type ${type}`);
  }

  #converted(value: Value, type: ParameterType): Value {
    const converted = convert(value, type);
    return typeof converted === 'string' ? this.#run.fail(converted) : converted;
  }
}

function typeAt({ parameters, variadic }: GoFunction, i: number): ParameterType {
  return parameters[i] ?? variadic!;
}

/** Calls a value: templates have no values that are functions. */
function callValue(nodes: readonly OperandNode[], values: readonly Value[]): Value {
  const [value] = values;
  if (value === undefined || value.kind === 'invalid' || value.kind === 'nil') {
    throw new CallError('call of nil');
  }
  const name =
    nodes[0] === undefined
      ? value.kind === 'string'
        ? value.value
        : `<${typeName(indirect(value))} Value>`
      : printNode(nodes[0]);
  throw new CallError(`non-function ${name} of type ${typeName(value)}`);
}
