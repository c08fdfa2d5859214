// ESLint rules for the language of comments, error texts, log messages and test names (CONTRIBUTING.md).

/** First words that comments and test names must not have: these start with a noun phrase or a verb. */
const openings = /^(?:What|Whether|Of|So many|As|Whoever|Nobody|How many)\b/i;

/** Phrases to avoid in every text, each with the words to use instead. */
const phrases = [
  [/(?<!there )\b(?:is|are|was|were) none\b/i, '"is not a", "invalid" or "missing"'],
  [/\bhas nothing of\b/i, '"lacks" or "does not have"'],
  [/\btold\b/i, '"receives", "is called with" or "logs"'],
  [/\btells? (?:of|what|whether|how|apart|the|it|them)\b/i, '"reports" or "distinguishes"'],
  [/\bmet\b/i, '"found" or "satisfied"'],
  [/\bseen\b/i, '"observed", "received" or "used"'],
  [/\bas far as\b/i, 'the condition itself'],
  [/\bso many\b/i, '"up to N" or "the number of"'],
  [/\b(?:whoever|nobody|anybody)\b/i, '"the caller" or "no client"'],
  [/(?<!there )\b(?:is|are|was|were) no (?!longer|more)/i, '"is not a", "invalid" or "missing"'],
  [/\bby (?:itself|themselves)\b/i, '"itself" or "alone"'],
  [/\bof which\b/i, 'two sentences'],
  [/\b(?:asks?|asked)\b/i, '"queries", "requests" or "sends"'],
  [/\bgoes on\b/i, '"continues" or "is kept"'],
  [/\bhands? (?:it |them )?on\b/i, '"passes on"'],
  [/\b(?:is|are|was|were|be) let go\b/i, '"is released" or "is dropped"'],
  [/\bmakes? of\b/i, '"returns"'],
  [/\bcomes? to nothing\b/i, '"has no effect"'],
];

/** Limits of a docstring and of any other comment. The comment at the start of a file has no limit. */
const limits = {
  docstring: { sentences: 6, characters: 650 },
  comment: { sentences: 4, characters: 400 },
};

/** Returns the problem of the first word of a text; undefined when there is none. */
function openingProblemOf(text) {
  const opening = openings.exec(text);
  return opening === null ? undefined : `starts with "${opening[0]}"; start with a noun phrase or a verb`;
}

/** Returns the problem of the first phrase to avoid; undefined when there is none. */
function phraseProblemOf(text) {
  for (const [pattern, better] of phrases) {
    const found = pattern.exec(text);
    if (found !== null) return `contains "${found[0]}"; use ${better}`;
  }
  return undefined;
}

/** Returns the problem of a test name, with `${}` for inserted values; undefined when there is none. */
function testNameProblemOf(text) {
  return openingProblemOf(text) ?? phraseProblemOf(text);
}

/** Returns the problem of an error text or a log message, with `${}` for inserted values; undefined when there is none. */
function errorTextProblemOf(text) {
  if (/[^.]\.$/.test(text)) return 'ends with a full stop';
  // Names such as HTTP, VictoriaMetrics or getHeader() have capitals or signs after the first letter.
  if (/^[A-Z][a-z]+(?: |:|$)/.test(text) && !/^(?:Prometheus|Node|Go)\b/.test(text)) {
    return 'starts with a capital letter';
  }
  return phraseProblemOf(text);
}

/**
 * Returns the comments, consecutive line comments as one. The text has no stars. `description` is the text without
 * JSDoc tags and sources, `words` without sources only.
 */
function commentBlocks(sourceCode) {
  const blocks = [];
  for (const comment of sourceCode.getAllComments()) {
    if (comment.type === 'Shebang' || comment.value.startsWith('/')) continue;
    const last = blocks.at(-1);
    const line = comment.type === 'Line';
    const startsLine =
      sourceCode.lines[comment.loc.start.line - 1].slice(0, comment.loc.start.column).trim() === '';
    if (line && startsLine && last?.line && last.end.line === comment.loc.start.line - 1) {
      last.text += `\n${comment.value}`;
      last.end = comment.loc.end;
    } else {
      blocks.push({
        text: comment.value,
        isDocstring: !line,
        line: line && startsLine,
        loc: comment.loc,
        end: comment.loc.end,
      });
    }
  }
  return blocks.map(({ text, loc, isDocstring }) => {
    const lines = text.split('\n').map((one) => one.replace(/^\s*\*+/, '').trim());
    const without = (paragraph) => lines.join('\n').replace(paragraph, '').replaceAll('\n', ' ').trim();
    return {
      loc,
      isDocstring,
      isHeader: loc.start.line <= 2,
      description: without(/^(?:@\w+|Sources?:)[^]*?(?=\n\n|$(?![^]))/gm),
      words: without(/^Sources?:[^]*?(?=\n\n|$(?![^]))/gm),
    };
  });
}

/** Returns the text of a literal or a template, with `${}` for inserted values; undefined for other nodes. */
function textOf(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.cooked).join('${}');
  if (node?.type === 'BinaryExpression' && node.operator === '+') {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? '${}'}${right ?? '${}'}`;
  }
  return undefined;
}

const comments = {
  meta: { type: 'suggestion', schema: [], messages: { problem: 'comment {{problem}}' } },
  create: (context) => ({
    Program() {
      for (const { description, words, loc, isHeader, isDocstring } of commentBlocks(context.sourceCode)) {
        const report = (problem) => context.report({ loc, messageId: 'problem', data: { problem } });
        const problem = openingProblemOf(description) ?? phraseProblemOf(words);
        if (problem !== undefined) report(problem);
        if (isHeader) continue;
        const limit = isDocstring ? limits.docstring : limits.comment;
        const sentences = description.split(/[.!?](?:\s|$)/).filter((one) => one.trim() !== '').length;
        if (sentences > limit.sentences)
          report(`has ${sentences} sentences; the limit is ${limit.sentences}`);
        else if (description.length > limit.characters) {
          report(`has ${description.length} characters; the limit is ${limit.characters}`);
        }
      }
    },
  }),
};

/** Reports whether a text is one that Prometheus defines: `// Prometheus' text` is on its line or the line before. */
function isQuoted(sourceCode, node) {
  return sourceCode
    .getAllComments()
    .some(
      ({ value, loc }) =>
        /Prometheus['’]s? text/.test(value) &&
        loc.start.line >= node.loc.start.line - 1 &&
        loc.end.line <= node.loc.end.line,
    );
}

const texts = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      error: 'error text {{problem}}',
      log: 'log message {{problem}}',
      name: 'test name {{problem}}',
      template: 'log message is not constant; put values in fields',
    },
  },
  create(context) {
    const check = (node, messageId, problemIn) => {
      const text = textOf(node);
      const problem = text === undefined ? undefined : problemIn(text);
      if (problem !== undefined && !isQuoted(context.sourceCode, node)) {
        context.report({ node, messageId, data: { problem } });
      }
    };
    return {
      NewExpression({ callee, arguments: given }) {
        if (callee.type !== 'Identifier' || !callee.name.endsWith('Error')) return;
        // A PromfedError has its code first.
        check(given[callee.name === 'PromfedError' ? 1 : 0], 'error', errorTextProblemOf);
      },
      CallExpression({ callee, arguments: given }) {
        if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
        const method = callee.property.name;
        if (method === 'test') check(given[0], 'name', testNameProblemOf);
        const isLog =
          /^(?:trace|debug|info|warn|error|fatal)$/.test(method) && /[lL]og$/.test(nameOf(callee.object));
        if (!isLog) return;
        const message = given[given.length - 1];
        if (message?.type === 'TemplateLiteral' && message.expressions.length > 0) {
          context.report({ node: message, messageId: 'template' });
        } else check(message, 'log', errorTextProblemOf);
      },
    };
  },
};

/** The last name of an expression such as `log`, `context.log` or `this.#log`. */
function nameOf(node) {
  if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') return node.name;
  return node.type === 'MemberExpression' ? nameOf(node.property) : '';
}

export const plainEnglish = { rules: { comments, texts } };
