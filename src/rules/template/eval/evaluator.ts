// Evaluates templates. Source: Go, text/template/exec.go.

import { compareStrings } from '../../../model/index.js';
import { printable } from '../functions/builtins.js';
import type { CallContext } from '../functions/function.js';
import { FUNCTIONS } from '../functions/table.js';
import { tryMethod } from '../functions/methods.js';
import { defaultText } from '../format/printer.js';
import { quoteString } from '../format/quote.js';
import type {
  BlockNode,
  BranchNode,
  ChainNode,
  CommandNode,
  FieldNode,
  IdentifierNode,
  ListNode,
  Node,
  NumberNode,
  OperandNode,
  PipeNode,
  TemplateNode,
  VariableNode,
} from '../language/nodes.js';
import { printNode } from '../language/nodes.js';
import type { TemplateSet } from '../language/parser.js';
import {
  bool,
  float,
  indirect,
  int,
  INVALID,
  isTrue,
  string,
  typeName,
  type Value,
} from '../values/value.js';
import { Calls } from './calls.js';
import { isInterfaceField, tryField } from './fields.js';
import type { Operands } from './operands.js';
import type { Run } from './run.js';
import { Scope } from './scope.js';

/** How a block ended. */
type Jump = 'none' | 'break' | 'continue';

/** Evaluates the templates of a set. One evaluator is used once. */
export class Evaluator implements Operands {
  readonly #set: TemplateSet;
  readonly #run: Run;
  readonly #calls: Calls;
  #scope = new Scope();

  constructor(set: TemplateSet, run: Run, context: CallContext) {
    this.#set = set;
    this.#run = run;
    this.#calls = new Calls(run, context, this);
  }

  /** Evaluates a template with the data as dot and as `$`. */
  evaluate(main: ListNode, data: Value, variables: readonly (readonly [string, Value])[]): void {
    this.#scope.push('$', data);
    for (const [name, value] of variables) this.#scope.push(name, value);
    this.#list(main, data);
  }

  /** Marks the node that errors show. */
  at(node: Node): void {
    this.#run.node = node;
    this.#run.spend(1);
  }

  #list(list: ListNode, dot: Value): Jump {
    this.#run.enter();
    for (const node of list.nodes) {
      const jump = this.#block(node, dot);
      if (jump !== 'none') {
        this.#run.leave();
        return jump;
      }
    }
    this.#run.leave();
    return 'none';
  }

  #block(node: BlockNode, dot: Value): Jump {
    this.at(node);
    switch (node.kind) {
      case 'text':
        this.#run.write(node.text);
        return 'none';
      case 'action': {
        const value = this.pipeline(dot, node.pipe);
        if (node.pipe.variables.length === 0) {
          this.at(node);
          this.#run.write(defaultText(printable(value)));
        }
        return 'none';
      }
      case 'if':
      case 'with':
        return this.#ifOrWith(node, dot);
      case 'range':
        this.#range(node, dot);
        return 'none';
      case 'template':
        this.#template(node, dot);
        return 'none';
      case 'break':
      case 'continue':
        return node.kind;
    }
  }

  #ifOrWith(node: BranchNode, dot: Value): Jump {
    const size = this.#scope.size;
    const value = this.pipeline(dot, node.pipe);
    let jump: Jump = 'none';
    if (isTrue(value)) jump = this.#list(node.list, node.kind === 'with' ? value : dot);
    else if (node.elseList !== undefined) jump = this.#list(node.elseList, dot);
    this.#scope.truncate(size);
    return jump;
  }

  #range(node: BranchNode, dot: Value): void {
    const size = this.#scope.size;
    const value = indirect(this.pipeline(dot, node.pipe));
    const isEmpty = !this.#iterate(node, value);
    if (isEmpty && node.elseList !== undefined) this.#list(node.elseList, dot);
    this.#scope.truncate(size);
  }

  /** Evaluates the list for each item; returns false when the value has no items. */
  #iterate(node: BranchNode, value: Value): boolean {
    const mark = this.#scope.size;
    /** Returns true when the loop ends. */
    const iteration = (index: Value, item: Value): boolean => {
      this.#run.spend(1);
      this.#setVariables(node.pipe, index, item);
      const jump = this.#list(node.list, item);
      this.#scope.truncate(mark);
      return jump === 'break';
    };
    if (value.kind === 'list') {
      value.items.some((item, i) => iteration(int(i), item));
      return value.items.length > 0;
    }
    if (value.kind === 'map') {
      [...value.entries.keys()]
        .sort(compareStrings)
        .some((key) => iteration(string(key), unwrap(value.entries.get(key)!)));
      return value.entries.size > 0;
    }
    if (value.kind === 'int') {
      if (node.pipe.variables.length > 1) {
        this.#run.fail(`can't use ${defaultText(value)} to iterate over more than one variable`);
      }
      for (let i = 0n; i < value.value; i++) {
        const item = int(i, value.type);
        if (iteration(item, item)) break;
      }
      return value.value > 0n;
    }
    return value.kind !== 'invalid' && this.#run.fail(`range can't iterate over ${defaultText(value)}`);
  }

  #setVariables({ variables, isAssign }: PipeNode, index: Value, item: Value): void {
    const [first, second] = variables;
    if (first === undefined) return;
    if (isAssign) {
      this.#assign(first, second === undefined ? item : index);
      if (second !== undefined) this.#assign(second, item);
      return;
    }
    this.#scope.setTop(1, item);
    if (second !== undefined) this.#scope.setTop(2, index);
  }

  #assign({ names }: VariableNode, value: Value): void {
    if (!this.#scope.assign(names[0]!, value)) this.#run.fail(`undefined variable: ${names[0]!}`);
  }

  #template(node: TemplateNode, dot: Value): void {
    const list = this.#set.get(node.name);
    if (list === undefined) return this.#run.fail(`template ${quoteString(node.name)} not defined`);
    const data = node.pipe === undefined ? INVALID : this.pipeline(dot, node.pipe);
    const [scope, name] = [this.#scope, this.#run.templateName];
    // A template does not see the variables of its caller.
    this.#scope = new Scope();
    this.#scope.push('$', data);
    this.#run.templateName = node.name;
    this.#list(list, data);
    this.#scope = scope;
    this.#run.templateName = name;
  }

  /** Evaluates a pipeline, and declares or assigns its variables. */
  pipeline(dot: Value, pipe: PipeNode): Value {
    this.at(pipe);
    this.#run.enter();
    let value: Value | undefined;
    for (const command of pipe.commands) value = unwrap(this.#command(dot, command, value));
    for (const { names } of pipe.variables) {
      if (!pipe.isAssign) this.#scope.push(names[0]!, value!);
      else if (!this.#scope.assign(names[0]!, value!)) this.#run.fail(`undefined variable: ${names[0]!}`);
    }
    this.#run.leave();
    return value!;
  }

  /** @param final result of the previous command, the last argument of this one. */
  #command(dot: Value, command: CommandNode, final: Value | undefined): Value {
    const first = command.args[0]!;
    const { kind } = first;
    if (kind === 'field') return this.field(dot, first, command.args, final);
    if (kind === 'chain') return this.chain(dot, first, command.args, final);
    if (kind === 'identifier') return this.callFunction(dot, first, command, command.args, final);
    if (kind === 'variable') return this.variable(dot, first, command.args, final);
    if (kind === 'pipe') {
      this.#rejectArguments(command.args, final);
      return this.pipeline(dot, first);
    }
    this.at(first);
    this.#rejectArguments(command.args, final);
    return kind === 'nil' ? this.#run.fail('nil is not a command') : this.constant(dot, first);
  }

  #rejectArguments(args: readonly OperandNode[], final: Value | undefined): void {
    if (args.length > 1 || final !== undefined) {
      this.#run.fail(`can't give argument to non-function ${printNode(args[0]!)}`);
    }
  }

  /** Evaluates a constant or dot. */
  constant(dot: Value, node: OperandNode): Value {
    if (node.kind === 'dot') return dot;
    if (node.kind === 'bool') return bool(node.value);
    if (node.kind === 'string') return string(node.text);
    if (node.kind === 'number') return this.#number(node);
    return this.#run.fail(`can't evaluate command ${quoteString(printNode(node))}`);
  }

  /** A constant without a type is a float when it is written as one, else an int. */
  #number(node: NumberNode): Value {
    this.at(node);
    const { text, int: integer, float: number } = node.constant;
    const isHexInteger = /^0[xX][^pP]+$/.test(text);
    if (number !== undefined && !isHexInteger && !text.startsWith("'") && /[.eEpP]/.test(text)) {
      return float(number);
    }
    return integer === undefined ? this.#run.fail(`${text} overflows int`) : int(integer);
  }

  field(
    dot: Value,
    node: FieldNode,
    args: readonly OperandNode[] | undefined,
    final: Value | undefined,
  ): Value {
    this.at(node);
    return this.#fieldChain(dot, dot, node, node.names, args, final);
  }

  chain(
    dot: Value,
    node: ChainNode,
    args: readonly OperandNode[] | undefined,
    final: Value | undefined,
  ): Value {
    this.at(node);
    if (node.node.kind === 'nil') this.#run.fail(`indirection through explicit nil in ${printNode(node)}`);
    const receiver = this.#calls.untypedArgument(dot, node.node);
    return this.#fieldChain(dot, receiver, node, node.names, args, final);
  }

  variable(
    dot: Value,
    node: VariableNode,
    args: readonly OperandNode[] | undefined,
    final: Value | undefined,
  ): Value {
    this.at(node);
    const [name, ...fields] = node.names;
    const value = this.#scope.tryGet(name!);
    if (value === undefined) return this.#run.fail(`undefined variable: ${name!}`);
    if (fields.length === 0) {
      this.#rejectArguments(args ?? [], final);
      return value;
    }
    return this.#fieldChain(dot, value, node, fields, args, final);
  }

  /** @param node the function, or the command that calls it: errors of the function show it. */
  callFunction(
    dot: Value,
    identifier: IdentifierNode,
    node: Node,
    args: readonly OperandNode[] | undefined,
    final: Value | undefined,
  ): Value {
    this.at(identifier);
    const { name } = identifier;
    const called = FUNCTIONS.get(name);
    if (called === undefined) return this.#run.fail(`${quoteString(name)} is not a defined function`);
    return this.#calls.call(dot, called, { name, node, isBuiltin: true }, args, final);
  }

  #fieldChain(
    dot: Value,
    receiver: Value,
    node: Node,
    names: readonly string[],
    args: readonly OperandNode[] | undefined,
    final: Value | undefined,
  ): Value {
    const last = names.length - 1;
    let value = receiver;
    let type = typeName(receiver);
    for (const [i, name] of names.entries()) {
      // Arguments are those of the last field, which may be a method.
      const next =
        i === last
          ? this.#field(dot, { value, type }, node, name, args, final)
          : this.#field(dot, { value, type }, node, name, undefined, undefined);
      type = isInterfaceField(value, name) ? 'interface {}' : typeName(next);
      value = next;
    }
    return value;
  }

  /** @param receiver a value, and Go's name of its type in errors. */
  #field(
    dot: Value,
    receiver: { readonly value: Value; readonly type: string },
    node: Node,
    name: string,
    args: readonly OperandNode[] | undefined,
    final: Value | undefined,
  ): Value {
    if (receiver.value.kind === 'invalid') return INVALID;
    if (receiver.value.kind === 'nil') return this.#run.fail(`nil pointer evaluating interface {}.${name}`);
    const target = indirect(receiver.value);
    const method = tryMethod(target, name);
    if (method !== undefined) {
      return this.#calls.call(dot, method, { name, node, isBuiltin: false }, args, final);
    }
    const value = tryField(target, name);
    if (value === undefined) {
      return this.#run.fail(`can't evaluate field ${name} in type ${receiver.type}`);
    }
    if ((args?.length ?? 0) > 1 || final !== undefined) {
      this.#run.fail(
        target.kind === 'map'
          ? `${name} is not a method but has arguments`
          : `${name} has arguments but cannot be invoked as function`,
      );
    }
    return value;
  }
}

/** A nil interface loses its type. */
function unwrap(value: Value): Value {
  return value.kind === 'nil' ? INVALID : value;
}
