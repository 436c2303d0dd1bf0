/**
 * The rules of the house as functions from a tree of files to sentences: who may use whom, and what may be said where. Kept
 * apart from the tests, so that small trees with one fault each can show that every rule bites.
 */
import ts from 'typescript';

/** Paths from the project's root with their text. */
export type Tree = ReadonlyMap<string, string>;

/** What stands wrong, one sentence each. */
export type Rule = (tree: Tree) => readonly string[];

/** Who may use whom, lowest floor first; the names of packages stand behind the rooms. */
const floors: Readonly<Record<string, { readonly rooms: readonly string[]; readonly packages: readonly string[] }>> = {
  units: { rooms: [], packages: [] },
  engine: { rooms: [], packages: [] },
  kit: { rooms: ['engine', 'units'], packages: [] },
  kinds: { rooms: ['kit', 'engine', 'units'], packages: [] },
  design: { rooms: ['kinds', 'kit', 'engine', 'units'], packages: ['zod'] },
  run: { rooms: ['design', 'kinds', 'kit', 'engine', 'units'], packages: [] },
  share: { rooms: ['design', 'kinds', 'kit', 'engine', 'units'], packages: [] },
  session: { rooms: ['run', 'share', 'design', 'kinds', 'kit', 'engine', 'units', 'workers'], packages: ['zustand', 'comlink', 'idb-keyval'] },
  page: { rooms: ['session', 'run', 'share', 'design', 'kinds', 'kit', 'engine', 'units'], packages: ['*'] },
  cli: { rooms: ['run', 'share', 'design', 'kinds', 'kit', 'engine', 'units'], packages: ['node'] },
  workers: { rooms: ['run', 'design', 'kinds', 'kit', 'engine', 'units'], packages: ['comlink', '@dagrejs/dagre'] },
  main: { rooms: ['page', 'session', 'run', 'share', 'design', 'kinds', 'kit', 'engine', 'units'], packages: ['*'] },
};

const pureRooms: readonly string[] = ['units', 'engine', 'kit', 'kinds', 'design', 'run'];

const isCode = (path: string): boolean => /\.tsx?$/.test(path) && !path.endsWith('.d.ts');
const inSource = (path: string): boolean => path.startsWith('src/') || path.startsWith('workers/');

/** Code under `src` and `workers`. */
const sources = (tree: Tree): (readonly [path: string, text: string])[] => [...tree].filter(([path]) => inSource(path) && isCode(path));

/** The room a path lies in; null outside the house. */
function roomOf(path: string): string | null {
  if (path.startsWith('workers/')) return 'workers';
  if (path === 'src/main.tsx') return 'main';
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? null;
}

const parsed = new Map<string, ts.SourceFile>();

/** The syntax of a file; parsed once however many rules read it. */
function syntax(path: string, text: string): ts.SourceFile {
  const key = `${path}\n${text}`;
  const known = parsed.get(key);
  if (known) return known;
  const made = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true, path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  parsed.set(key, made);
  return made;
}

/** Calls back for every node below, in order. */
function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

const lineOf = (file: ts.SourceFile, node: ts.Node): number => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;

interface Use {
  readonly what: string;
  readonly line: number;
  /** Whether only types are taken, which leaves nothing to load at run time. */
  readonly typesOnly: boolean;
}

/** Everything a file imports or passes on. */
function uses(path: string, text: string): Use[] {
  const file = syntax(path, text);
  const found: Use[] = [];
  walk(file, (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      const typesOnly = ts.isImportDeclaration(node) ? onlyTypes(node.importClause) : node.isTypeOnly;
      found.push({ what: node.moduleSpecifier.text, line: lineOf(file, node), typesOnly });
    }
    const [first] = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments : [];
    if (first && ts.isStringLiteral(first)) found.push({ what: first.text, line: lineOf(file, node), typesOnly: false });
  });
  return found;
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return !clause.name && !!named && ts.isNamedImports(named) && named.elements.length > 0 && named.elements.every((one) => one.isTypeOnly);
}

/** The path from the root that a relative import means. */
function resolved(from: string, what: string): string {
  const steps = from.split('/').slice(0, -1);
  for (const step of what.replace(/\?.*$/, '').split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}

const isRelative = (what: string): boolean => what.startsWith('.');
const packageOf = (what: string): string => (what.startsWith('node:') ? 'node' : what.split('/').slice(0, what.startsWith('@') ? 2 : 1).join('/'));

/** Arrows point down only, and packages stay in the rooms that need them. */
export const useRefusals: Rule = (tree) =>
  sources(tree).flatMap(([path, text]) => {
    const room = roomOf(path);
    const floor = room === null ? undefined : floors[room];
    if (room === null || !floor) return [`${path} lies in no room of the house.`];
    return uses(path, text).flatMap(({ what, line }) => {
      if (!isRelative(what)) return floor.packages.includes('*') || floor.packages.includes(packageOf(what)) ? [] : [`${path}:${line} uses the package ${packageOf(what)}, which ${room} may not.`];
      const target = roomOf(resolved(path, what));
      if (target === room || (target !== null && floor.rooms.includes(target))) return what.includes('workers/') && !what.includes('url') ? [`${path}:${line} loads a worker's code instead of its address.`] : [];
      return [`${path}:${line} uses ${resolved(path, what)}: ${room} may not use ${target ?? 'what lies outside the house'}.`];
    });
  });

/** The files that put the page together from its rooms. */
const doors: readonly string[] = ['src/page/app.tsx', 'src/page/mount.tsx'];

/** The rooms of the page meet in the session and in the files directly under `src/page`; only its doors know them all. */
export const pageRefusals: Rule = (tree) =>
  sources(tree).flatMap(([path, text]) => {
    const from = /^src\/page\/(?:([^/]+)\/)?/.exec(path);
    if (!from || doors.includes(path)) return [];
    return uses(path, text).flatMap(({ what, line }) => {
      const target = isRelative(what) ? /^src\/page\/([^/]+)\//.exec(resolved(path, what))?.[1] : undefined;
      if (target === undefined || target === from[1]) return [];
      return [`${path}:${line} uses ${resolved(path, what)}: ${from[1] ? `the page's ${from[1]}` : 'a shared file of the page'} may not use its ${target}.`];
    });
  });

/** No file may come back to itself through what it imports; types alone are followed too. */
export const circles: Rule = (tree) => {
  const code = sources(tree);
  const arrows = new Map(code.map(([path, text]) => [path, uses(path, text).filter((use) => isRelative(use.what) && !use.what.includes('?')).map((use) => resolved(path, use.what)).filter((to) => tree.has(to))]));
  const done = new Set<string>();
  const found: string[] = [];
  const follow = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push(`Import circle: ${[...way.slice(at), path].join(' → ')}.`);
    if (at >= 0 || done.has(path)) return;
    for (const to of arrows.get(path) ?? []) follow(to, [...way, path]);
    done.add(path);
  };
  for (const path of arrows.keys()) follow(path, []);
  return found;
};

/** One list of kinds, and no other file that only passes on; no names that mean nothing. */
export const nameRefusals: Rule = (tree) =>
  sources(tree).flatMap(([path, text]) => {
    const wrong: string[] = [];
    const name = /([^/]+)$/.exec(path)![1]!;
    if (/^index\.tsx?$/.test(name) && path !== 'src/kinds/index.ts') wrong.push(`${path} is a barrel; import from the file that has the thing.`);
    if (/\b(utils?|helpers?|common|managers?|misc|lib)\b/i.test(path.slice(path.indexOf('/')))) wrong.push(`${path} has a name that says nothing about it.`);
    const file = syntax(path, text);
    for (const statement of file.statements) {
      if (ts.isExportDeclaration(statement) && statement.moduleSpecifier) wrong.push(`${path}:${lineOf(file, statement)} passes on what another file exports.`);
      const byDefault = ts.isExportAssignment(statement) || (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some((one) => one.kind === ts.SyntaxKind.DefaultKeyword));
      if (byDefault) wrong.push(`${path}:${lineOf(file, statement)} exports by default; export by name.`);
    }
    return wrong;
  });

/** Whether a file declares a kind. */
const declaresKind = (text: string): boolean => /\bdefineKind\(/.test(text);

/** Every kind is on the one list. */
export const unlistedKinds: Rule = (tree) => {
  const listed = new Set(uses('src/kinds/index.ts', tree.get('src/kinds/index.ts') ?? '').map((use) => resolved('src/kinds/index.ts', use.what)));
  return [...tree]
    .filter(([path, text]) => path.startsWith('src/kinds/') && isCode(path) && declaresKind(text) && !listed.has(path))
    .map(([path]) => `${path} declares a kind that src/kinds/index.ts does not list.`);
};

const declarers: ReadonlySet<string> = new Set(['real', 'whole', 'choice', 'toggle', 'text', 'distribution', 'table', 'trace']);

/** A kind's own place: its file, or its folder where it has outgrown one. */
const placeOf = (path: string): string => /^src\/kinds\/[^/]+/.exec(path)?.[0].replace(/\.tsx?$/, '') ?? path;

/** Parameter names by where they are declared. */
function declaredParams(tree: Tree): ReadonlyMap<string, ReadonlySet<string>> {
  const places = new Map<string, Set<string>>();
  for (const [path, text] of sources(tree)) {
    if (!path.startsWith('src/kinds/')) continue;
    walk(syntax(path, text), (node) => {
      if (!ts.isPropertyAssignment(node) || !ts.isCallExpression(node.initializer) || !ts.isIdentifier(node.initializer.expression)) return;
      if (!declarers.has(node.initializer.expression.text) || !ts.isIdentifier(node.name)) return;
      const known = places.get(node.name.text) ?? new Set();
      places.set(node.name.text, known.add(placeOf(path)));
    });
  }
  return places;
}

/** Words that are a parameter somewhere and ordinary language elsewhere, with the reason. */
export const ordinary: Readonly<Record<string, string>> = {
  arrivals: 'also the measure of how many requests come, which every component has',
  inputTokens: 'also what one call of a flow carries, in the estimate by hand of every kind',
  outputTokens: 'also what one call of a flow carries, in the estimate by hand of every kind',
  pattern: 'also what requests of one source have in common, in the engine',
  className: 'also how React names the style of an element',
};

/** Wires are no components: what is set on them is declared in one file and put to work in one room. */
const wires = { declared: 'src/kinds/link', used: 'run' } as const;

/** A parameter is spoken of only where it is declared: as a name in code, or as a string that is nothing but names. */
export const spokenParams: Rule = (tree) => {
  const places = declaredParams(tree);
  const wrong: string[] = [];
  for (const [name, where] of places) if (where.size > 1 && !Object.hasOwn(ordinary, name)) wrong.push(`“${name}” is declared in ${[...where].join(' and ')}; a parameter has one home.`);
  for (const [path, text] of sources(tree)) {
    const file = syntax(path, text);
    walk(file, (node) => {
      const words = ts.isIdentifier(node) ? [node.text] : ts.isStringLiteralLike(node) && /^[\w$.-]+$/.test(node.text) ? node.text.split('.') : [];
      for (const word of words) {
        const where = Object.hasOwn(ordinary, word) ? undefined : places.get(word);
        if (where?.has(wires.declared) && roomOf(path) === wires.used) continue;
        if (where && !where.has(placeOf(path))) wrong.push(`${path}:${lineOf(file, node)} speaks of “${word}”, a parameter of ${[...where].join(' and ')}.`);
      }
    });
  }
  return wrong;
};

const inexact = new Set('random exp expm1 log log2 log10 log1p pow sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh cbrt hypot'.split(' '));
/** Of the page or of Node. (`window` and `document` are good names for other things, and the compiler knows those of the page.) */
const worldly = new Set('performance setTimeout setInterval queueMicrotask crypto fetch navigator process console'.split(' '));

/** Why a node of syntax has no business in a pure room, as the middle of a sentence. */
function impurity(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const [of, what] = [node.expression.text, node.name.text];
    if (of === 'Math' && inexact.has(what)) return `Math.${what}, which differs between engines or runs`;
    if (of === 'Date' && what === 'now') return 'Date.now';
    if (of === 'globalThis') return 'globalThis';
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date') return 'new Date';
  if (ts.isIdentifier(node) && worldly.has(node.text) && isValue(node)) return node.text;
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken && !(ts.isNumericLiteral(node.left) && ts.isNumericLiteral(node.right))) return '**, which differs between engines';
  return null;
}

/** Whether an identifier is read as a variable, not as the name of a property or a declaration. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return !ts.isPropertySignature(parent) && !ts.isMethodDeclaration(parent) && !ts.isPropertyDeclaration(parent) && !ts.isParameter(parent) && !ts.isVariableDeclaration(parent);
}

/** Chance, clocks and the outside world stay out of the rooms whose numbers must repeat. */
export const impurities: Rule = (tree) =>
  sources(tree).flatMap(([path, text]) => {
    if (!pureRooms.includes(roomOf(path) ?? '')) return [];
    const file = syntax(path, text);
    const wrong: string[] = [];
    walk(file, (node) => {
      const why = impurity(node);
      if (why) wrong.push(`${path}:${lineOf(file, node)} uses ${why}; ${roomOf(path)} is a pure room.`);
    });
    return wrong;
  });

/** Most lines a function may have, blank ones and comments left out. */
export const longestFunction = 60;

/** Lines of code of a piece of syntax: a line counts when some token lies on it. */
function codeLines(file: ts.SourceFile, node: ts.Node): number {
  const lines = new Set<number>();
  const at = (position: number): number => file.getLineAndCharacterOfPosition(position).line;
  walk(node, (one) => {
    for (const child of one.getChildren(file)) {
      if (child.getChildCount(file) > 0 || ts.isJSDoc(child)) continue;
      for (let line = at(child.getStart(file)); line <= at(child.end); line++) lines.add(line);
    }
  });
  return lines.size;
}

/** Functions a person can take in at one look. */
export const longFunctions: Rule = (tree) =>
  sources(tree).flatMap(([path, text]) => {
    const file = syntax(path, text);
    const wrong: string[] = [];
    walk(file, (node) => {
      if (!ts.isFunctionLike(node) || !('body' in node) || !node.body) return;
      const lines = codeLines(file, node);
      if (lines > longestFunction) wrong.push(`${path}:${lineOf(file, node)} has a function of ${lines} lines; at most ${longestFunction}.`);
    });
    return wrong;
  });

/** The name of what a statement declares. */
const nameIn = (statement: ts.Statement, file: ts.SourceFile): string => /(?:const|let|function|class|interface|type|enum)\s+(\w+)/.exec(statement.getText(file))?.[1] ?? 'something';

/** Whether a file is named after a declaration: then its opening sentence speaks of it. */
const isNamesake = (path: string, name: string): boolean => /([^/]+)\.tsx?$/.exec(path)?.[1]?.replaceAll('-', '') === name.toLowerCase();

/**
 * A file opens with what it is, and every export has a sentence above it. One sentence may stand over a block of declarations without
 * a gap, and a file's opening over the class it is named after.
 */
export const unexplained: Rule = (tree) =>
  sources(tree).flatMap(([path, text]) => {
    const file = syntax(path, text);
    const wrong = /^\s*\/[/*]/.test(text) ? [] : [`${path} does not open with what it is.`];
    let inBlock = false;
    for (const statement of file.statements) {
      const gap = /^[^\S\n]*\n[^\S\n]*\n/.test(text.slice(statement.pos)) || statement === file.statements[0];
      // The file's own opening stands before the first statement and is not about it.
      const explained = (ts.getLeadingCommentRanges(text, statement.pos) ?? []).length > (statement === file.statements[0] ? 1 : 0);
      inBlock = explained || (inBlock && !gap);
      const exported = ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword);
      const name = nameIn(statement, file);
      if (exported && !inBlock && !isNamesake(path, name)) wrong.push(`${path}:${lineOf(file, statement)} exports ${name} without a sentence above it.`);
    }
    return wrong;
  });

/** Written with brackets where this file would otherwise say the word itself. */
const strange: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[^A-Za-z0-9.])\/(?:wor[k]|far[m]|hom[e]|roo[t]|Use[r]s|tm[p]|mn[t])\//, 'a path of somebody’s machine'],
  [/\b(?:TO[D]O|FIX[M]E|XX[X])\b/, 'something left undone'],
  [/\b(?:Cla[u]de|Chat[G]PT|Copil[o]t|as an A[I]|AI[- ]generat[e]d)\b/i, 'who wrote it'],
  [/(?:\bshar[e]d\/(?:loo[k]|hook[s])|hous[e]\.md|before-sto[p]|\/\.librar[y]\/)/, 'a place outside the project'],
  [/@ts-(?:ignor[e]|noche[c]k)/, 'a silenced compiler'],
];

/** The project speaks of itself alone. */
export const strangeWords: Rule = (tree) =>
  [...tree].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) => strange.filter(([pattern]) => pattern.test(line)).map(([, what]) => `${path}:${index + 1} mentions ${what}.`)),
  );

/** Every rule by its name. */
export const rules: Readonly<Record<string, Rule>> = { useRefusals, pageRefusals, circles, nameRefusals, unlistedKinds, spokenParams, impurities, longFunctions, unexplained, strangeWords };
