/** How the code is read by a machine before a person reads it. The floors of the house are held by `tests/floors.test.ts`. */
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import { configs } from 'typescript-eslint';

const pure = ['src/units', 'src/engine', 'src/kit', 'src/kinds', 'src/design', 'src/run'].map((room) => `${room}/**/*.ts`);

/** These differ bit for bit between engines; `src/engine/math.ts` has its own. */
const inexact = ['exp', 'expm1', 'log', 'log2', 'log10', 'log1p', 'pow', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'cbrt', 'hypot'];

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Export by name.' };
const noPower = { selector: "BinaryExpression[operator='**']:not([left.type='Literal'][right.type='Literal']), AssignmentExpression[operator='**=']", message: 'Powers differ between engines; use pow of src/engine/math.ts.' };
const noNewDate = { selector: "NewExpression[callee.name='Date']", message: 'Time is handed in.' };

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'test-results/', 'playwright-report/'] },
  ...configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  { files: ['src/**/*.{ts,tsx}', 'workers/**/*.ts'], rules: { 'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }], 'no-console': 'error' } },
  {
    files: ['src/page/**/*.{ts,tsx}', 'src/main.tsx'],
    plugins: { 'react-hooks': hooks },
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    files: pure,
    rules: {
      'no-restricted-syntax': ['error', noDefaultExport, noPower, noNewDate],
      'no-restricted-globals': ['error', 'performance', 'setTimeout', 'setInterval', 'queueMicrotask', 'crypto', 'fetch', 'window', 'document', 'navigator', 'process', 'console'],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Chance is handed in: use a stream of src/engine/random.ts.' },
        { object: 'Date', property: 'now', message: 'Time is handed in.' },
        ...inexact.map((property) => ({ object: 'Math', property, message: 'This differs between engines; use src/engine/math.ts.' })),
      ],
    },
  },
  { files: ['*.config.{js,ts}'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly', performance: 'readonly', URL: 'readonly' } } },
);
