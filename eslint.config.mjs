import js from '@eslint/js';
import tseslint from 'typescript-eslint';

import { plainEnglish } from './scripts/lint/plain-english.mjs';

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', '.build*/', '.real-servers/', '.node-versions/', '.tap/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // Numbers in messages and keys are meant to be printed as they are.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The hot paths walk several typed arrays by one index.
      '@typescript-eslint/prefer-for-of': 'off',
      // With noUncheckedIndexedAccess, `!` marks an index that the loop has already proven.
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression[callee.property.name=/^(push|unshift|splice|concat|of|min|max|hypot|fromCharCode|fromCodePoint)$/] > SpreadElement',
          message:
            'A collection of any size overflows the stack as arguments: use appendAll, minOf or maxOf.',
        },
        {
          // A constant such as RETRY_MS is short.
          selector:
            'CallExpression[callee.name=/^set(Timeout|Interval)$/]:not([arguments.1.name=/^[A-Z][A-Z0-9_]*$/])',
          message: 'A delay of more than 24.8 days becomes 1 ms: use startTimer.',
        },
        {
          selector: 'MemberExpression[object.name="AbortSignal"][property.name="any"]',
          message: 'Node.js 20 may collect a timeout that only this signal refers to: use Cancellation.',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // tap.test() returns a promise that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: ['test', 'teardown'] }],
      '@typescript-eslint/require-await': 'off',
      'no-console': 'off',
    },
  },
  {
    files: ['scripts/**/*.mjs', '*.mjs', '*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'performance',
          'URL',
          'fetch',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'Buffer',
          'module',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.cjs'],
    // The test of the rules contains texts that they reject.
    ignores: ['test/scripts/lint/**'],
    plugins: { 'plain-english': plainEnglish },
    rules: { 'plain-english/comments': 'error', 'plain-english/texts': 'error' },
  },
);
