// The syntax tree of a template, and its text in errors. Source: Go, text/template/parse/node.go.

import { quoteString } from '../format/quote.js';
import type { NumberConstant } from './number.js';

interface Positioned {
  /** Position in the source, in UTF-16 units. Errors of the evaluation show it. */
  readonly pos: number;
}

export interface TextNode extends Positioned {
  readonly kind: 'text';
  readonly text: string;
}

export interface ActionNode extends Positioned {
  readonly kind: 'action';
  readonly pipe: PipeNode;
}

export interface BranchNode extends Positioned {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly elseList: ListNode | undefined;
}

/** A call of another template. */
export interface TemplateNode extends Positioned {
  readonly kind: 'template';
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

export interface JumpNode extends Positioned {
  readonly kind: 'break' | 'continue';
}

export type BlockNode = TextNode | ActionNode | BranchNode | TemplateNode | JumpNode;

export interface ListNode extends Positioned {
  readonly kind: 'list';
  readonly nodes: readonly BlockNode[];
}

/** Commands, each with the result of the previous one as last argument; may declare or assign variables. */
export interface PipeNode extends Positioned {
  readonly kind: 'pipe';
  readonly isAssign: boolean;
  readonly variables: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}

export interface CommandNode extends Positioned {
  readonly kind: 'command';
  readonly args: readonly OperandNode[];
}

export interface IdentifierNode extends Positioned {
  readonly kind: 'identifier';
  readonly name: string;
}

/** A variable and the fields after it: `$x.A.B`. The first name has the `$`. */
export interface VariableNode extends Positioned {
  readonly kind: 'variable';
  readonly names: readonly string[];
}

export interface FieldNode extends Positioned {
  readonly kind: 'field';
  readonly names: readonly string[];
}

/** Fields of a function's result or of a parenthesized pipeline. */
export interface ChainNode extends Positioned {
  readonly kind: 'chain';
  readonly node: OperandNode;
  readonly names: readonly string[];
}

export interface DotNode extends Positioned {
  readonly kind: 'dot';
}

export interface NilNode extends Positioned {
  readonly kind: 'nil';
}

export interface BoolNode extends Positioned {
  readonly kind: 'bool';
  readonly value: boolean;
}

export interface NumberNode extends Positioned {
  readonly kind: 'number';
  readonly constant: NumberConstant;
}

export interface StringNode extends Positioned {
  readonly kind: 'string';
  /** The literal as in the source. */
  readonly quoted: string;
  readonly text: string;
}

export type OperandNode =
  | IdentifierNode
  | VariableNode
  | FieldNode
  | ChainNode
  | DotNode
  | NilNode
  | BoolNode
  | NumberNode
  | StringNode
  | PipeNode;

export type Node = BlockNode | ListNode | CommandNode | OperandNode;

/** Prints a node as Go's errors do: normalized, not as in the source. */
export function printNode(node: Node): string {
  switch (node.kind) {
    case 'text':
    case 'identifier':
      return node.kind === 'text' ? node.text : node.name;
    case 'action':
      return `{{${printNode(node.pipe)}}}`;
    case 'if':
    case 'with':
    case 'range': {
      const elseText = node.elseList === undefined ? '' : `{{else}}${printNode(node.elseList)}`;
      return `{{${node.kind} ${printNode(node.pipe)}}}${printNode(node.list)}${elseText}{{end}}`;
    }
    case 'template':
      return `{{template ${quoteString(node.name)}${node.pipe === undefined ? '' : ` ${printNode(node.pipe)}`}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    case 'list':
      return node.nodes.map(printNode).join('');
    case 'pipe':
      return printPipe(node);
    case 'command':
      return node.args.map(printOperand).join(' ');
    case 'variable':
      return node.names.join('.');
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'chain':
      return `${printOperand(node.node)}${node.names.map((name) => `.${name}`).join('')}`;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
      return node.constant.text;
    case 'string':
      return node.quoted;
  }
}

function printPipe({ variables, isAssign, commands }: PipeNode): string {
  const names = variables.map(printNode).join(', ');
  const prefix = names === '' ? '' : `${names} ${isAssign ? '=' : ':='} `;
  return prefix + commands.map(printNode).join(' | ');
}

function printOperand(node: OperandNode): string {
  return node.kind === 'pipe' ? `(${printPipe(node)})` : printNode(node);
}
